// Real processes: a writer that is killed, and git at work between any two steps of a batch.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>

#include "publication.hpp"
#include "ref_name.hpp"
#include "store/history.hpp"
#include "temporary_directory.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

namespace fs = std::filesystem;

bool is_long() {
    const char* const value = std::getenv("STEMMA_LONG");
    return value != nullptr && value[0] == '1';
}

PublishJob job_of(const Tree& tree, const std::string& why, std::int64_t hour) {
    PublishJob job;
    job.tree = tree;
    job.info = {"domain 0", Time(std::chrono::seconds(1'700'000'000 + hour * 3600)), {why}};
    return job;
}

// Publishes until it is killed and writes a byte for each batch reported. Packs are joined and
// epochs begun all the time.
[[noreturn]] void write_on(const fs::path& repository, int report, int start) {
    auto publication = Publication::open(repository, 3);
    Editor editor;
    for (int i = start; publication; ++i) {
        editor.write("/local/n" + std::to_string(i % 9), std::to_string(i));
        const PublishJob jobs[] = {job_of(editor.tree, std::to_string(i), i)};
        if (!publication->publish(jobs) || ::write(report, "x", 1) != 1) break;
        static_cast<void>(publication->consolidate());
    }
    ::_exit(1);
}

// Runs a command before the chosen step.
class InterruptedDisk final : public Disk {
  public:
    InterruptedDisk(std::size_t step, std::function<void()> interrupt)
        : left_(step), interrupt_(std::move(interrupt)) {}

    std::expected<void, Error> write_synced(const fs::path& file, std::string_view b) override {
        return count(), real_disk().write_synced(file, b);
    }
    std::expected<bool, Error> link(const fs::path& file, const fs::path& name) override {
        return count(), real_disk().link(file, name);
    }
    std::expected<void, Error> make_empty(const fs::path& file) override {
        return count(), real_disk().make_empty(file);
    }
    std::expected<void, Error> rename(const fs::path& from, const fs::path& to) override {
        return count(), real_disk().rename(from, to);
    }
    std::expected<void, Error> sync_directory(const fs::path& directory) override {
        return count(), real_disk().sync_directory(directory);
    }
    void remove(const fs::path& file) override { count(), real_disk().remove(file); }
    bool happened() const { return happened_; }

  private:
    void count() {
        if (happened_ || left_-- > 0) return;
        happened_ = true;
        interrupt_();
    }
    std::size_t left_;
    std::function<void()> interrupt_;
    bool happened_ = false;
};

}  // namespace

TEST_CASE("a writer killed at any moment has lost nothing that it reported") {
    const TemporaryDirectory directory;
    const fs::path repository = directory / "r.git";
    const int kills = is_long() ? 300 : 8;
    Random random(60);
    int reported = 0;
    for (int kill = 0; kill < kills; ++kill) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(ends[0]);
            write_on(repository, ends[1], kill * 10'000);
        }
        ::close(ends[1]);
        // Some batches, and then anywhere in the next.
        char byte = 0;
        int here = 0;
        for (std::size_t wanted = 1 + below(random, 12); wanted > 0; --wanted)
            here += ::read(ends[0], &byte, 1) == 1 ? 1 : 0;
        for (std::size_t spin = below(random, 400'000); spin > 0; --spin)
            asm volatile("");
        REQUIRE(::kill(child, SIGKILL) == 0);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status));
        while (::read(ends[0], &byte, 1) == 1)
            ++here;
        ::close(ends[0]);
        CHECK(here > 0);
        reported += here;
        // The last reported is in main, or before it.
        auto history = History::open(repository);
        REQUIRE(history);
        const auto head = history->read("main");
        REQUIRE(head);
        const int last = kill * 10'000 + here - 1;
        const Node* const node = head->find("/local/n" + std::to_string(last % 9));
        REQUIRE(node != nullptr);
        CHECK(std::stoi(std::string(node->value())) >= last);
    }
    const Ran fsck = test::git(repository, "fsck --strict --no-dangling --no-progress");
    CAPTURE(fsck.output);
    CHECK(fsck.status == 0);
    WARN("killed " << kills << " writers, which had reported " << reported << " batches");
}

TEST_CASE("gc, clone and fsck between any two steps of a batch lose nothing and find it whole") {
    const TemporaryDirectory directory;
    Editor editor;
    std::size_t interrupted = 0;
    const std::string commands[] = {"gc -q --prune=now",
                                    "fsck --strict --no-dangling --no-progress",
                                    "clone -q --bare --no-local . ../clone.git", "repack -q -a -d"};
    const std::size_t stride = is_long() ? 1 : 5;
    bool more = true;
    for (std::size_t step = 0; more; step += stride) {
        const fs::path repository = directory / "r.git";
        fs::remove_all(repository);
        Ran ran;
        InterruptedDisk disk(step, [&] {
            fs::remove_all(directory / "clone.git");
            ran = test::git(repository, commands[interrupted % 4]);
        });
        auto publication = Publication::open(repository, 3, {}, disk);
        REQUIRE(publication);
        for (int i = 0; i < 5; ++i) {
            editor.write("/local/n" + std::to_string(i), std::to_string(editor.count));
            editor.write("/stemma/x", std::to_string(i / 2));
            const PublishJob jobs[] = {job_of(editor.tree, "x", i * 7)};
            const auto done = publication->publish(jobs);
            if (!done) FAIL(done.error().text());
            REQUIRE(publication->consolidate());
        }
        more = disk.happened();
        if (!more) break;
        CAPTURE(step, commands[interrupted % 4], ran.output);
        CHECK(ran.status == 0);
        ++interrupted;
        const Ran fsck = test::git(repository, "fsck --strict --no-dangling --no-progress");
        CHECK(fsck.status == 0);
        CHECK(test::git(repository, "rev-list --count main config").status == 0);
        auto history = History::open(repository);
        REQUIRE(history);
        CHECK(model_of(*history->read("main")) == model_of(editor.tree));
    }
    WARN("git ran between " << interrupted << " pairs of steps");
}
