#include "store/publisher.hpp"

#include <poll.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <future>

#include "store/history.hpp"
#include "temporary_directory.hpp"
#include "tree_maker.hpp"

#ifdef __SANITIZE_THREAD__
// libgit2 asks for the local time when it moves a ref. glibc does that under a lock of its own,
// which the sanitizer does not see, and it reports two publishers that do so at once.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
    return "race:tzset_internal\n";
}
#endif

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

namespace fs = std::filesystem;

std::unique_ptr<Publisher> opened(const fs::path& repository,
                                  std::chrono::milliseconds interval = std::chrono::milliseconds(1),
                                  std::size_t bound = 1024, std::size_t packs = 64) {
    auto publisher = Publisher::open({repository, interval, bound, packs});
    if (!publisher) FAIL(publisher.error().text());
    return std::move(*publisher);
}

// Waits on the event descriptor, as the daemon's loop does.
Completion completion_of(Publisher& publisher, RequestId id) {
    while (true) {
        for (Completion& done : publisher.take_completions()) {
            if (done.id == id) return std::move(done);
        }
        pollfd event{publisher.completion_fd(), POLLIN, 0};
        REQUIRE(::poll(&event, 1, 60'000) == 1);
    }
}

CommitId completed(Publisher& publisher, RequestId id) {
    const Completion done = completion_of(publisher, id);
    if (!done.result) FAIL(done.result.error().text());
    return *done.result;
}

Info info(std::string why, std::int64_t second = 1'700'000'000, std::string who = "domain 0") {
    return {std::move(who), Time(std::chrono::seconds(second)), {std::move(why)}};
}

Submission transaction(const Tree& tree, Info about) {
    return {tree, 0, std::move(about), Submission::Kind::transaction, ""};
}

std::string lines(const Ran& ran) {
    CAPTURE(ran.output);
    CHECK(ran.status == 0);
    return ran.output;
}

void check_whole(const fs::path& repository) {
    const Ran fsck = git(repository, "fsck --strict --no-dangling --no-progress");
    CAPTURE(fsck.output);
    CHECK(fsck.status == 0);
    CHECK(fsck.output.empty());
}

Editor demo() {
    Editor editor;
    editor.write("/local/domain/3/device/vif/0/state", "3");
    editor.write("/local/domain/3/device/vif/0/mac", "02:16:3e:00:00:01");
    editor.write("/local/domain/3/data/net/arp/0/10-0-0-53", "02:16:3e:00:00:01 1700000060");
    editor.write("/stemma/guests/nat/image", "nat");
    return editor;
}

}  // namespace

TEST_CASE("what is published is a git repository that fsck, clone, log and a checkout understand") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Editor editor = demo();
    const auto publisher = opened(repository);
    publisher->submit(transaction(editor.tree, info("start")));
    completed(*publisher, publisher->publish_all());
    editor.write("/local/domain/3/device/vif/0/state", "4");
    publisher->submit(transaction(
        editor.tree, info("device/vif/0: state 3 -> 4", 1'700'000'001, "domain 3 (nat0)")));
    const CommitId head = completed(*publisher, publisher->publish_all());

    struct stat status {};
    REQUIRE(::stat(repository.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    check_whole(repository);
    CHECK(lines(git(repository, "rev-parse main")) == head.hex() + "\n");
    const std::string log = lines(git(repository, "log -p -- local/domain/3/device/vif"));
    CHECK(log.find("Author: domain 3 (nat0) <stemma>") != std::string::npos);
    CHECK(log.find("    device/vif/0: state 3 -> 4") != std::string::npos);
    CHECK(log.find("\n-3\n") != std::string::npos);
    CHECK(log.find("\n+4\n") != std::string::npos);
    CHECK(lines(git(repository, "rev-list --count main")) == "2\n");

    const fs::path clone = directory / "clone";
    lines(run("git clone -q '" + repository.string() + "' '" + clone.string() + "'"));
    std::ifstream file(clone / "local/domain/3/data/net/arp/0/10-0-0-53");
    std::string value;
    std::getline(file, value);
    CHECK(value == "02:16:3e:00:00:01 1700000060");
    lines(run("git clone -q 'file://" + repository.string() + "' '" + clone.string() + "2'"));
    lines(git(repository, "worktree add -q --detach '" + (directory / "tree").string() + "' main"));
    CHECK(fs::exists(directory / "tree/stemma/guests/nat/image"));
}

TEST_CASE("the configuration has its own branch, which grows only when /stemma changes") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Editor editor = demo();
    {
        const auto publisher = opened(repository);
        publisher->submit(transaction(editor.tree, info("one")));
        editor.write("/local/domain/3/device/vif/0/state", "4");
        publisher->submit(transaction(editor.tree, info("two")));
        editor.write("/stemma/guests/nat/memory", "32");
        publisher->submit(transaction(editor.tree, info("three")));
        editor.write("/local/domain/3/device/vif/0/state", "5");
        publisher->submit(transaction(editor.tree, info("four")));
        completed(*publisher, publisher->publish_all());
        CHECK(lines(git(repository, "log --format=%s config")) == "three\none\n");
        CHECK(lines(git(repository, "ls-tree --name-only config")) == ".node\nstemma\n");
        CHECK(lines(git(repository, "rev-parse main:stemma")) ==
              lines(git(repository, "rev-parse config:stemma")));
    }
    // The next owner reads it, and publishing it again is no change.
    const auto publisher = opened(repository);
    const auto config = publisher->load_config();
    REQUIRE(config);
    CHECK(config->find("/stemma/guests/nat/memory")->value() == "32");
    CHECK(config->root().permissions().text() == "n0");
    Editor next;
    next.tree = *next.tree.graft("/stemma", *config->find("/stemma"), next.edit());
    next.count = 100;
    publisher->submit(transaction(next.tree, info("start again", 1'700'000'100)));
    completed(*publisher, publisher->publish_all());
    CHECK(lines(git(repository, "log --format=%s config")) == "three\none\n");
    // A new run is a new epoch, which begins without parents.
    CHECK(lines(git(repository, "log --format=%s main")) == "start again\n");
    CHECK(lines(git(repository, "for-each-ref --format='%(refname)' refs/live")) ==
          "refs/live/20231114T221320Z\nrefs/live/20231114T221500Z\n");
    next.remove("/stemma");
    publisher->submit(transaction(next.tree, info("gone", 1'700'000'101)));
    completed(*publisher, publisher->publish_all());
    CHECK(lines(git(repository, "ls-tree --name-only config")) == ".node\n");
    check_whole(repository);
}

TEST_CASE("a tree that never held /stemma leaves the configuration of the last run alone") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Editor editor = demo();
    {
        const auto publisher = opened(repository);
        publisher->submit(transaction(editor.tree, info("one")));
    }
    editor.remove("/stemma");
    const auto publisher = opened(repository);
    publisher->submit(transaction(editor.tree, info("two")));
    completed(*publisher, publisher->publish_all());
    CHECK(lines(git(repository, "log --format=%s config")) == "one\n");
}

TEST_CASE("an epoch lasts half of the secrets period, and a day at most") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Editor editor = demo();
    const auto publisher = *Publisher::open({.repository = repository,
                                             .interval = std::chrono::milliseconds(1),
                                             .retention = {.secrets = std::chrono::hours(72)}});
    for (const std::int64_t hour : {0, 23, 24, 47, 49}) {
        editor.write("/local/hour", std::to_string(hour));
        publisher->submit(transaction(
            editor.tree, info("hour " + std::to_string(hour), 1'700'000'000 + hour * 3600)));
    }
    completed(*publisher, publisher->publish_all());
    CHECK(lines(git(repository, "log --format=%s refs/live/20231114T221320Z")) ==
          "hour 23\nhour 0\n");
    CHECK(lines(git(repository, "log --format=%s refs/live/20231115T221320Z")) ==
          "hour 47\nhour 24\n");
    CHECK(lines(git(repository, "log --format=%s main")) == "hour 49\n");
    check_whole(repository);
}

TEST_CASE("snapshots and guests' states are commits of their own") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Editor editor = demo();
    const auto publisher = opened(repository);
    publisher->submit(transaction(editor.tree, info("one")));
    const CommitId snapshot =
        completed(*publisher, publisher->snapshot("before", editor.tree, info("snapshot before")));
    const auto net = Ref<const Node>::share(editor.tree.find("/local/domain/3/data/net"));
    const CommitId guest = completed(*publisher, publisher->save_guest("nat", net, info("saved")));
    CHECK(lines(git(repository, "rev-parse refs/snapshots/before")) == snapshot.hex() + "\n");
    CHECK(lines(git(repository, "rev-list --count refs/snapshots/before")) == "1\n");
    CHECK(lines(git(repository, "show refs/guests/nat:arp/0/10-0-0-53")) ==
          "02:16:3e:00:00:01 1700000060");
    CHECK(lines(git(repository, "rev-parse main^{tree}")) ==
          lines(git(repository, "rev-parse refs/snapshots/before^{tree}")));
    // The same state again is the same commit; another replaces it.
    CHECK(completed(*publisher, publisher->save_guest("nat", net, info("again"))) == guest);
    editor.write("/local/domain/3/data/net/arp/0/10-0-0-54", "x 1");
    const auto more = Ref<const Node>::share(editor.tree.find("/local/domain/3/data/net"));
    CHECK(completed(*publisher, publisher->save_guest("nat", more, info("more"))) != guest);
    CHECK(lines(git(repository, "log --format=%s refs/guests/nat")) == "more\n");
    CHECK(completed(*publisher, publisher->snapshot("before", editor.tree, info("moved"))) !=
          snapshot);
    check_whole(repository);
}

TEST_CASE("two saves of one guest in one batch leave the later one") {
    const TemporaryDirectory directory;
    const auto publisher = opened(directory / "store.git");
    Editor editor = demo();
    RequestId last = 0;
    for (int i = 0; i < 5; ++i) {
        editor.write("/local/domain/3/data/net/arp/0/n", std::to_string(i));
        last = publisher->save_guest(
            "nat", Ref<const Node>::share(editor.tree.find("/local/domain/3/data/net")),
            info(std::to_string(i)));
    }
    completed(*publisher, last);
    CHECK(lines(git(directory / "store.git", "show refs/guests/nat:arp/0/n")) == "4");
}

TEST_CASE("requests with a bad name, or before anything was submitted, are refused alone") {
    const TemporaryDirectory directory;
    const auto publisher = opened(directory / "store.git");
    const Editor editor = demo();
    const auto refused = [&](RequestId id) {
        const Completion done = completion_of(*publisher, id);
        REQUIRE_FALSE(done.result);
        return done.result.error().kind == Error::Kind::refused;
    };
    CHECK(refused(publisher->publish_all()));
    for (const char* name : {"", "a/b", "..", "a.lock", "-x y", "a\nb"}) {
        CHECK(refused(publisher->snapshot(name, editor.tree, info(""))));
    }
    CHECK(refused(publisher->snapshot(std::string(201, 'a'), editor.tree, info(""))));
    CHECK(refused(publisher->save_guest("nat", {}, info(""))));
    completed(*publisher, publisher->snapshot("a_b-C9", editor.tree, info("")));
    CHECK(publisher->stats().failures == 0);
}

TEST_CASE("two owners cannot publish into one repository") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    auto first = opened(repository);
    const auto second = Publisher::open({repository});
    REQUIRE_FALSE(second);
    CHECK(second.error().kind == Error::Kind::busy);
    CHECK(second.error().why.find("process " + std::to_string(::getpid())) != std::string::npos);
    first.reset();
    CHECK(Publisher::open({repository}));
}

TEST_CASE("one client's writes within the interval become one commit") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Editor editor = demo();
    const auto publisher = opened(repository, std::chrono::hours(1));
    const auto write = [&](std::uint64_t client, const std::string& path) {
        editor.write(path, std::to_string(editor.count));
        publisher->submit({editor.tree, client,
                           info(path, 1'700'000'000, "domain " + std::to_string(client)),
                           Submission::Kind::write, path});
    };
    write(5, "/a");
    write(5, "/b");
    write(5, "/c");
    write(6, "/d");
    write(6, "/d");
    completed(*publisher, publisher->publish_all());
    CHECK(lines(git(repository, "log --format='%an: %s' main")) ==
          "domain 6: /d\ndomain 6: /d\ndomain 5: /a (and 2 more)\n");
    CHECK(lines(git(repository, "log -1 --format=%b main~2")) == "/a\n/b\n/c\n\n");
    CHECK(publisher->stats().joined == 2);
    CHECK(publisher->stats().published == 3);
}

TEST_CASE("a batch that fails is said, and its commits come with the next one that works") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Editor editor = demo();
    const auto publisher = opened(repository);
    publisher->submit(transaction(editor.tree, info("one")));
    const CommitId one = completed(*publisher, publisher->publish_all());

    // Where packs are written there is a file now, so nothing can be written, by root either.
    fs::remove(repository / "incoming");
    std::ofstream(repository / "incoming") << "in the way";
    editor.write("/local/x", "1");
    publisher->submit(transaction(editor.tree, info("two")));
    const Completion failed = completion_of(*publisher, publisher->publish_all());
    REQUIRE_FALSE(failed.result);
    CHECK(failed.result.error().kind == Error::Kind::disk);
    CHECK(publisher->stats().failures >= 1);
    CHECK(publisher->stats().last_error.find("Not a directory") != std::string::npos);
    CHECK(lines(git(repository, "rev-parse main")) == one.hex() + "\n");

    fs::remove(repository / "incoming");
    fs::create_directory(repository / "incoming");
    editor.write("/local/y", "1");
    publisher->submit(transaction(editor.tree, info("three")));
    completed(*publisher, publisher->publish_all());
    CHECK(lines(git(repository, "log --format=%s main")) == "three\ntwo\none\n");
    CHECK(publisher->stats().queued == 0);
    check_whole(repository);
}

TEST_CASE("a failure between writing and moving the refs loses nothing") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Editor editor = demo();
    const auto publisher = opened(repository);
    publisher->submit(transaction(editor.tree, info("one")));
    completed(*publisher, publisher->publish_all());

    // main cannot move while somebody holds its lock; live, which moves first, can.
    std::ofstream(repository / "refs/heads/main.lock") << "";
    editor.write("/stemma/x", "1");
    publisher->submit(transaction(editor.tree, info("two")));
    CHECK_FALSE(completion_of(*publisher, publisher->publish_all()).result);
    check_whole(repository);
    fs::remove(repository / "refs/heads/main.lock");
    const CommitId two = completed(*publisher, publisher->publish_all());
    CHECK(lines(git(repository, "rev-parse main")) == two.hex() + "\n");
    CHECK(lines(git(repository, "show main:stemma/x")) == "1");
    CHECK(lines(git(repository, "show config:stemma/x")) == "1");
    check_whole(repository);
}

TEST_CASE("gc --prune=now between batches takes nothing that is needed") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Editor editor = demo();
    const auto publisher = opened(repository);
    for (int round = 0; round < 4; ++round) {
        for (int i = 0; i < 5; ++i) {
            editor.write("/local/r" + std::to_string(round) + "/" + std::to_string(i), "v");
            publisher->submit(transaction(editor.tree, info("write")));
            const auto net = Ref<const Node>::share(editor.tree.find("/local"));
            publisher->save_guest("g", net, info("save"));
            completed(*publisher, publisher->publish_all());
        }
        lines(git(repository, "gc -q --prune=now"));
        check_whole(repository);
    }
    CHECK(lines(git(repository, "rev-list --count main")) == "20\n");
}

TEST_CASE(
    "clone, gc --prune=now and fsck beside a publisher at work find and leave a whole store") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    const std::string there = "git -C '" + repository.string() + "' ";
    const std::string clone = "git clone -q 'file://" + repository.string() + "' ";
    const std::string gc = there + "gc -q --prune=now";
    const std::string fsck = there + "fsck --strict --no-dangling --no-progress";
    struct Case {
        std::size_t packs;  // when they are joined: all the time, or never
        std::vector<std::string> commands;
    };
    const Case cases[] = {{4, {clone + (directory / "one").string(), gc, gc}},
                          {4096, {fsck, gc, fsck, clone + (directory / "two").string()}}};
    Editor editor = demo();
    for (const Case& test : cases) {
        const auto publisher = opened(repository, std::chrono::milliseconds(1), 1024, test.packs);
        int commits = 0;
        const auto publish = [&] {
            editor.write("/local/n" + std::to_string(commits % 50), std::to_string(editor.count));
            publisher->submit(transaction(editor.tree, info(std::to_string(++commits))));
            completed(*publisher, publisher->publish_all());
        };
        publish();
        for (const std::string& command : test.commands) {
            auto done = std::async(std::launch::async, [&] { return run(command); });
            do {
                publish();
            } while (done.wait_for(std::chrono::seconds(0)) != std::future_status::ready);
            const Ran ran = done.get();
            CAPTURE(command, ran.output);
            CHECK(ran.status == 0);
        }
        check_whole(repository);
        CHECK(lines(git(repository, "rev-list --count main")) == std::to_string(commits) + "\n");
    }
}

TEST_CASE("many batches leave few packs") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Editor editor = demo();
    const auto publisher = opened(repository, std::chrono::milliseconds(1), 1024, 8);
    for (int i = 0; i < 30; ++i) {
        editor.write("/local/n" + std::to_string(i % 7), std::to_string(i));
        publisher->submit(transaction(editor.tree, info(std::to_string(i))));
        completed(*publisher, publisher->publish_all());
    }
    std::size_t packs = 0;
    for (const auto& file : fs::directory_iterator(repository / "objects/pack")) {
        packs += file.path().extension() == ".pack" ? 1U : 0U;
    }
    CHECK(packs <= 8);
    CHECK(publisher->stats().consolidations >= 3);
    CHECK(lines(git(repository, "rev-list --count main")) == "30\n");
    check_whole(repository);
}

TEST_CASE("of many packs few are open") {
    const TemporaryDirectory directory;
    const auto publisher = opened(directory / "store.git");
    Editor editor = demo();
    for (int i = 0; i < 40; ++i) {
        editor.write("/vm/1/name", std::to_string(i));
        publisher->submit(transaction(editor.tree, info(std::to_string(i))));
        completed(*publisher, publisher->publish_all());
    }
    std::size_t open = 0;
    for (const auto& descriptor : fs::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto file = fs::read_symlink(descriptor.path(), gone);
        if (file.extension() == ".pack") ++open;
    }
    CHECK(open <= 16);
}

TEST_CASE("a node that did not change is not written again") {
    const TemporaryDirectory directory;
    Editor editor;
    for (int i = 0; i < 500; ++i) {
        editor.write("/d/" + std::to_string(i % 20) + "/" + std::to_string(i), std::to_string(i));
    }
    const auto publisher = opened(directory / "store.git");
    publisher->submit(transaction(editor.tree, info("all")));
    completed(*publisher, publisher->publish_all());
    const auto before = publisher->stats().objects;
    CHECK(before > 520);
    editor.write("/d/7/7", "changed");
    publisher->submit(transaction(editor.tree, info("one")));
    completed(*publisher, publisher->publish_all());
    // The blob, the trees d/7, d and the root, and the commit.
    CHECK(publisher->stats().objects - before == 5);
}

TEST_CASE("a value written again, or changed and changed back, leaves a whole pack") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    const auto publisher = opened(repository);
    Editor editor = demo();
    for (const char* value : {"1", "1", "2", "1", "1"}) {
        editor.write("/local/a", value);
        publisher->submit(transaction(editor.tree, info(value)));
        editor.write("/local/b", "other");
        publisher->submit(transaction(editor.tree, info("b")));
        completed(*publisher, publisher->publish_all());
    }
    check_whole(repository);
    CHECK(lines(git(repository, "show main:local/a")) == "1");
}

TEST_CASE("random histories, written as deltas, are whole to fsck, index-pack, clone, log and gc") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    Random random(40);
    Editor editor = demo();
    for (int i = 0; i < 300; ++i)
        editor.write("/local/wide/n" + std::to_string(i), "v");
    std::vector<std::pair<CommitId, Model>> history;
    {
        const auto publisher = opened(repository, std::chrono::hours(1), 1 << 20, 8);
        for (int batch = 0; batch < 20; ++batch) {
            for (int i = 0; i < 20; ++i) {
                editor.write("/local/wide/n" + std::to_string(below(random, 330)),
                             std::to_string(editor.count));
                if (i % 4 == 0) random_edit(random, editor, 30);
                if (editor.tree.find("/local/wide") == nullptr) editor.write("/local/wide/a", "1");
                publisher->submit(transaction(editor.tree, info(std::to_string(i))));
            }
            history.emplace_back(completed(*publisher, publisher->publish_all()),
                                 model_of(editor.tree));
        }
        CHECK(publisher->stats().consolidations >= 2);
    }
    const auto check_history = [&](const fs::path& where) {
        auto read = History::open(where);
        REQUIRE(read);
        for (const auto& [id, model] : history) {
            const auto tree = read->read(id.hex());
            if (!tree) FAIL(tree.error().text());
            CHECK(model_of(*tree) == model);
        }
    };
    check_whole(repository);
    check_history(repository);
    const std::string packs = "'" + repository.string() + "'/objects/pack/*.pack";
    CHECK(run("for p in " + packs + "; do git -C '" + repository.string() +
              "' index-pack --strict -o '" + (directory / "idx").string() + "' $p && rm '" +
              (directory / "idx").string() + "' || exit 1; done")
              .status == 0);
    const Ran listed = run("git verify-pack -v '" + repository.string() + "'/objects/pack/*.idx");
    CHECK(listed.output.find("chain length = 10: ") != std::string::npos);
    CHECK(lines(git(repository, "log -p main")).size() > 10'000);
    const fs::path clone = directory / "clone.git";
    lines(run("git clone -q --bare 'file://" + repository.string() + "' '" + clone.string() + "'"));
    check_whole(clone);
    check_history(clone);
    lines(git(repository, "gc -q --prune=now"));
    check_whole(repository);
    check_history(repository);
}

TEST_CASE("whatever a guest writes, commit metadata is printable ASCII") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "store.git";
    const auto publisher = opened(repository);
    std::string bytes;
    for (int c = 0; c < 256; ++c)
        bytes += static_cast<char>(c);
    Info about = info("value " + bytes, 1'700'000'000, "<" + bytes + ">");
    about.why.push_back("parent 0000\nauthor x");
    publisher->submit(transaction(demo().tree, about));
    completed(*publisher, publisher->publish_all());
    check_whole(repository);
    for (const char c : lines(git(repository, "cat-file commit main"))) {
        CHECK((c == '\n' || (c >= ' ' && c <= '~')));
    }
    CHECK(lines(git(repository, "log -1 --format=%b main")) == "parent 0000\\x0aauthor x\n\n");
}

TEST_CASE("two publishers of one tree, on two threads, write the same trees") {
    const TemporaryDirectory directory;
    Editor editor = demo();
    const auto one = opened(directory / "one.git");
    const auto two = opened(directory / "two.git");
    for (int i = 0; i < 20; ++i) {
        editor.write("/local/n" + std::to_string(i), "v");
        one->submit(transaction(editor.tree, info("x")));
        two->submit(transaction(editor.tree, info("x")));
    }
    const RequestId first = one->publish_all();
    const RequestId second = two->publish_all();
    CHECK(completed(*one, first) == completed(*two, second));
    check_whole(directory / "one.git");
    check_whole(directory / "two.git");
}
