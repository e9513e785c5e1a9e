// A month of NAT churn under a fake clock: history stays within its budget, the dead are forgotten
// in time, and what others cloned or asked to keep is as it was.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "publication.hpp"
#include "ref_name.hpp"
#include "store/history.hpp"
#include "temporary_directory.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

namespace fs = std::filesystem;
constexpr std::int64_t day = 86'400;
constexpr std::int64_t start = 1'700'000'000;

Time at(std::int64_t second) {
    return Time(std::chrono::seconds(second));
}

std::uint64_t packs_on_disk(const fs::path& repository) {
    std::uint64_t bytes = 0;
    for (const auto& file : fs::directory_iterator(repository / "objects/pack"))
        bytes += file.file_size();
    return bytes;
}

class Host {
  public:
    Host(const fs::path& path, const Retention& retention) : path_(path) {
        auto opened = Publication::open(path, 16, retention);
        if (!opened) FAIL(opened.error().text());
        publication.emplace(std::move(*opened));
        editor.write("/local/domain/0/name", "Domain-0");
    }

    void commit(std::int64_t when, std::string who, std::string why) {
        PublishJob job;
        job.tree = editor.tree;
        job.info = {std::move(who), at(when), {std::move(why)}};
        jobs.push_back(std::move(job));
        if (jobs.size() >= 100) publish();
    }
    void publish() {
        const auto done = publication->publish(jobs);
        if (!done) FAIL(done.error().text());
        REQUIRE(publication->consolidate());
        jobs.clear();
    }
    CommitId keep(PublishJob::Kind kind, const std::string& name, const Tree& tree,
                  std::int64_t when) {
        PublishJob job;
        job.kind = kind;
        job.name = name;
        job.tree = tree;
        job.subtree = tree.root_ref();
        job.info = {"domain 0", at(when), {"keep"}};
        const auto done = publication->publish(std::vector{job});
        REQUIRE(done);
        REQUIRE(done->results[0]);
        return *done->results[0];
    }
    void maintain(std::int64_t when) {
        publish();
        while (true) {
            const auto more = publication->maintain(at(when));
            if (!more) FAIL(more.error().text());
            if (!*more) break;
        }
    }
    bool finds(const std::string& secret) {
        const Ran ran =
            run("cd '" + path_.string() +
                "' && for o in $(git cat-file --batch-all-objects "
                "--batch-check='%(objectname)'); do git cat-file -p $o; done | grep -c '" +
                secret + "'");
        return ran.output != "0\n";
    }

    std::optional<Publication> publication;
    Editor editor;
    std::vector<PublishJob> jobs;

  private:
    fs::path path_;
};

void check_whole(const fs::path& repository) {
    const Ran fsck = test::git(repository, "fsck --strict --no-dangling --no-progress");
    CAPTURE(fsck.output);
    CHECK(fsck.status == 0);
}

}  // namespace

TEST_CASE("a month of NAT churn stays under its budget, config, snapshots and guests stay") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    const char* const long_run = std::getenv("STEMMA_LONG");
    const bool is_long = long_run != nullptr && long_run[0] == '1';
    const int an_hour = is_long ? 120 : 12;
    const Retention retention{.budget = is_long ? 4UL << 20 : 600'000UL};
    Host host(repository, retention);
    Random random(70);
    host.editor.write("/local/domain/3/vm", "/vm/nat");
    host.editor.write("/stemma/bridges/xenbr0", "");
    host.commit(start, "domain 0", "start");
    std::optional<CommitId> snapshot;
    std::vector<Model> expected;
    std::string config;
    std::uint64_t largest = 0;
    for (int hour = 0; hour < 30 * 24; ++hour) {
        const std::int64_t now = start + hour * 3600;
        for (int i = 0; i < an_hour; ++i) {
            const std::int64_t when = now + i * 3600 / an_hour;
            const std::string flow = std::to_string(below(random, 400));
            host.editor.write("/local/domain/3/data/net/nat/" + flow, std::to_string(when + 300));
            if (i % 3 == 0 && host.editor.tree.find("/local/domain/3/data/net/nat/7") != nullptr) {
                host.editor.remove("/local/domain/3/data/net/nat/7");
            }
            host.commit(when, "domain 3 (nat)", "data/net/nat: new " + flow);
        }
        if (hour % 48 == 7) {  // somebody else changes something, rarely
            host.editor.write("/stemma/bridges/xenbr" + std::to_string(hour), "");
            host.commit(now + 3599, "domain 0", "bridge");
        }
        if (hour == 30) {
            host.publish();
            snapshot = host.keep(PublishJob::Kind::snapshot, "early", host.editor.tree, now);
            expected.push_back(model_of(host.editor.tree));
            config = test::git(repository, "rev-parse config").output;
        }
        host.maintain(now + 3599);
        largest = std::max(largest, packs_on_disk(repository));
        // Between looks it may write; after one it is under.
        REQUIRE(packs_on_disk(repository) <= retention.budget);
    }
    check_whole(repository);
    auto history = History::open(repository);
    REQUIRE(history);
    CHECK(model_of(*history->read("early")) == expected[0]);
    CHECK(model_of(*history->read("main")) == model_of(host.editor.tree));
    // Whoever cloned config sees what was there continued.
    CHECK(test::git(repository, "merge-base --is-ancestor " + config.substr(0, 40) + " config")
              .status == 0);
    CHECK(test::git(repository, "rev-list --count config").output == "16\n");
    const auto& kept = host.publication->kept();
    CHECK(kept.rewritten > 30);
    WARN("largest " << largest << " bytes of " << retention.budget << ", epochs now " << kept.epochs
                    << ", packed again " << kept.rewritten << " times, dropped " << kept.dropped
                    << "; commits left "
                    << test::git(repository, "rev-list --count --glob=refs/live").output);
    // The rare changes of others outlive the churn: the oldest epoch that is left has its own.
    const Ran authors = test::git(repository, "log --glob='refs/live/*' --format=%an --since=@" +
                                                  std::to_string(start + 29 * day));
    CHECK(authors.output.find("domain 3") != std::string::npos);
}

TEST_CASE("a dead domain's secrets are gone after the period, from trees and messages") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Host host(repository, {});
    host.editor.write("/local/domain/3/vm", "/vm/dead-one");
    host.editor.write("/vm/dead-one/name", "nat hushhush-vm");
    host.editor.write("/local/domain/4/vm", "/vm/four");
    host.editor.write("/local/domain/4/password", "still-alive");
    host.editor.write("/local/domain/3/password", "hushhush-own");
    host.editor.write("/local/domain/0/backend/vfb/3/0/vncpasswd", "hushhush-vnc");
    host.editor.write("/libxl/3/secret", "hushhush-libxl");
    host.commit(start, "domain 0", "backend/vfb/3/0: new vncpasswd hushhush-message");
    host.editor.write("/local/domain/3/data/x", "hushhush-later");
    host.commit(start + 60, "domain 3", "data: new x hushhush-words");
    // It lives through two epochs, then dies in the third.
    std::int64_t now = start;
    for (; now < start + 30 * 3600; now += 3600) {
        host.editor.write("/local/domain/4/tick", std::to_string(now));
        host.commit(now, "domain 4", "tick");
        host.maintain(now);
    }
    CHECK(host.finds("hushhush"));
    for (const char* path :
         {"/local/domain/3", "/vm/dead-one", "/local/domain/0/backend/vfb/3", "/libxl/3"}) {
        host.editor.remove(path);
    }
    host.commit(now, "domain 0", "domain 3 is gone");
    const std::int64_t died = now;
    bool was_there = false;
    for (; now < died + day; now += 3600) {
        host.editor.write("/local/domain/4/tick", std::to_string(now));
        host.commit(now, "domain 4", "tick");
        host.maintain(now);
        if (now == died + 12 * 3600) was_there = host.finds("hushhush");
    }
    CHECK(was_there);
    CHECK_FALSE(host.finds("hushhush"));
    CHECK(host.finds("still-alive"));
    check_whole(repository);
    auto history = History::open(repository);
    REQUIRE(history);
    CHECK(model_of(*history->read("main")) == model_of(host.editor.tree));
    // Also while nothing is written: git gc has nothing to add, and a clone of all has none of it.
    CHECK(test::git(repository, "gc -q --prune=now").status == 0);
    CHECK_FALSE(host.finds("hushhush"));
}

TEST_CASE("the last states of guests that were replaced go when the kept packs are cleared") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Host host(repository, {});
    host.commit(start, "domain 0", "start");
    host.publish();
    Random random(71);
    Editor guest;
    const CommitId snapshot =
        host.keep(PublishJob::Kind::snapshot, "first", host.editor.tree, start);
    for (int i = 0; i < 5; ++i) {
        std::string value;
        for (int c = 0; c < 2'000'000; ++c)
            value += static_cast<char>(below(random, 256));
        guest.write("/state", value + "end");
        host.keep(PublishJob::Kind::guest, "g", guest.tree, start + i);
    }
    // Their packs are those of the epoch; when that goes, what is kept of them is the last.
    host.editor.write("/local/x", "1");
    host.commit(start + 40 * day, "domain 0", "later");
    CHECK(packs_on_disk(repository) > 10'000'000);
    host.maintain(start + 80 * day);
    CHECK(packs_on_disk(repository) < 2'500'000);
    // And when nothing can be cleared, what is there stays.
    host.maintain(start + 81 * day);
    auto history = History::open(repository);
    REQUIRE(history);
    CHECK(history->read("refs/guests/g")->find("/state")->value().ends_with("end"));
    CHECK(*history->resolve("first") == snapshot);
    check_whole(repository);
}

TEST_CASE("an epoch packed again without loss has the same commits, in fewer bytes") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Host host(repository, {});
    for (int i = 0; i < 300; ++i)
        host.editor.write("/local/wide/n" + std::to_string(i), "v");
    for (int i = 0; i < 200; ++i) {
        host.editor.write("/local/wide/n" + std::to_string(i), std::to_string(i));
        host.commit(start + i, "domain 0", std::to_string(i));
        host.publish();
    }
    const std::string epoch = test::git(repository, "rev-parse main").output;
    const std::string log = test::git(repository, "log -p main").output;
    const auto before = packs_on_disk(repository);
    host.editor.write("/local/x", "1");
    host.commit(start + day, "domain 0", "next epoch");
    host.maintain(start + day);
    CHECK(host.publication->kept().epochs == 2);
    CHECK(host.publication->kept().rewritten == 1);
    CHECK(test::git(repository, "log -p " + epoch.substr(0, 40)).output == log);
    CHECK(packs_on_disk(repository) < before / 3);
    check_whole(repository);
}
