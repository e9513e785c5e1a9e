// F: what a store with transactions as branches and a published history must not let happen.
#include <sys/stat.h>

#include <filesystem>

#include <poll.h>

#include "../temporary_directory.hpp"
#include "hostile_test.hpp"
#include "store/history.hpp"
#include "xenstored/adoption.hpp"
#include "xenstored/published_history.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

// A lab whose changes are published.
struct Published {
    explicit Published(std::chrono::milliseconds interval = std::chrono::milliseconds(1),
                       std::size_t bound = 1024)
        : publisher(*store::Publisher::open({.repository = directory.file("store.git"),
                                             .interval = interval,
                                             .queue_bound = bound})),
          history(*publisher, states),
          lab({}, &history) {
        tool.mkdir("/local/domain/5");
        tool.set_perms("/local/domain/5", "n5");
    }
    // Waits until all so far is on disk.
    void settle() {
        const auto id = publisher->publish_all();
        for (;;) {
            for (const store::Completion& done : publisher->take_completions()) {
                if (done.id != id) continue;
                REQUIRE(done.result);
                return;
            }
            pollfd fd{publisher->completion_fd(), POLLIN, 0};
            REQUIRE(::poll(&fd, 1, 60'000) > 0);
        }
    }
    store::History read() { return std::move(*store::History::open(directory.file("store.git"))); }

    TemporaryDirectory directory;
    std::unique_ptr<store::Publisher> publisher;
    GuestStates states{*publisher};
    PublishedHistory history;
    Lab lab;
    SocketClient tool = lab.socket();
    RingClient guest = lab.domain(5);
};

}  // namespace

HOSTILE_TEST("F1", "permissions are judged again at the commit") {
    Hostile lab;
    lab.tool.mkdir("/shared");
    lab.tool.set_perms("/shared", "b0");
    const auto write = lab.evil.start();
    CHECK(lab.evil.write("/shared/x", "1", write) == "OK|");
    const auto read = lab.evil.start();
    CHECK(lab.evil.list("/shared", read) == "");
    CHECK(lab.evil.write("copy", "what was read", read) == "OK|");
    lab.tool.set_perms("/shared", "n0");
    CHECK(lab.evil.commit(write) == "!EAGAIN");
    CHECK(lab.evil.commit(read) == "!EAGAIN");
    CHECK(lab.tool.list("/shared") == "");
    CHECK(lab.evil.read("copy") == "!ENOENT");
}

HOSTILE_TEST("F2", "write skew: of two that each read what the other writes one fails") {
    Hostile lab;
    lab.tool.write("/x", "0");
    lab.tool.write("/y", "0");
    auto other = lab.socket();
    const auto a = lab.tool.start(), b = other.start();
    CHECK(lab.tool.read("/x", a) == "0");
    CHECK(other.read("/y", b) == "0");
    lab.tool.write("/y", "1", a);
    other.write("/x", "1", b);
    CHECK(lab.tool.commit(a) == "OK|");
    CHECK(other.commit(b) == "!EAGAIN");
    CHECK(lab.tool.read("/x") == "0");
}

HOSTILE_TEST("F3",
             "what was removed meanwhile is not brought back, with other permissions, by a write") {
    Hostile lab;
    lab.tool.write("/a/b", "1");
    lab.tool.set_perms("/a", "n0");
    lab.tool.set_perms("/a/b", "b5");
    const auto write = lab.evil.start();
    CHECK(lab.evil.write("/a/b", "2", write) == "OK|");
    const auto make = lab.tool.start();
    CHECK(lab.tool.write("/a/c/d", "1", make) == "OK|");
    lab.tool.rm("/a");
    CHECK(lab.evil.commit(write) == "!EAGAIN");
    CHECK(lab.tool.commit(make) == "!EAGAIN");
    CHECK(lab.tool.read("/a") == "!ENOENT");

    // and the other way about
    lab.tool.write("/a/b", "1");
    const auto remove = lab.tool.start();
    CHECK(lab.tool.rm("/a", remove) == "OK|");
    lab.tool.write("/a/new", "1");
    CHECK(lab.tool.commit(remove) == "!EAGAIN");
    CHECK(lab.tool.read("/a/new") == "1");
    CHECK(lab.consistent());
}

// The daemon's memory; what lies on disk is the publisher's to thin.
HOSTILE_TEST("F4", "history that a guest makes grow waits in a queue with a bound") {
    Published world(std::chrono::hours(1), 16);
    for (int i = 0; i < 3000; ++i) {
        world.guest.write("k", std::to_string(i));
        REQUIRE(world.publisher->stats().queued <= 32);  // and the batch being written
    }
    world.settle();
    const store::PublisherStats stats = world.publisher->stats();
    CHECK(stats.submitted >= 3000);
    CHECK(stats.published + stats.joined + stats.coalesced + stats.beyond_share >= stats.submitted);
    CHECK(stats.queued == 0);
    auto history = world.read();
    CHECK(history.read("main", "/local/domain/5/k")->root().value() == "2999");
}

// What a dead domain wrote is gone from the live tree that is published, at once; epochs that
// others cloned are not rewritten, and end by age.
HOSTILE_TEST("F5", "a dead domain's secrets are in no new state, and the repository is root's") {
    Published world;
    world.guest.write("secret", "password");
    world.settle();
    CHECK(world.read().read("main", "/local/domain/5/secret")->root().value() == "password");
    world.lab.kill(5);
    world.settle();
    auto history = world.read();
    CHECK_FALSE(history.read("main", "/local/domain/5"));
    struct stat status {};
    REQUIRE(::stat(world.directory.file("store.git").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
}

HOSTILE_TEST("F6", "names that differ in case, hold '@', or are long, stay apart and stay inside") {
    Published world;
    const std::vector<std::string> names{"a",
                                         "A",
                                         "@",
                                         "@x",
                                         "-",
                                         "--help",
                                         "_",
                                         "0",
                                         "HEAD",
                                         "git",
                                         "con",
                                         "value",
                                         "node",
                                         std::string(255, 'n'),
                                         std::string(256, 'n'),
                                         std::string(1000, 'N')};
    for (const std::string& name : names) {
        REQUIRE(world.guest.write("/local/domain/5/" + name + "/below", name.substr(0, 40)) ==
                "OK|");
        REQUIRE(world.guest.write("/local/domain/5/" + name, "v") ==
                "OK|");  // a value and children on one node
    }
    world.settle();
    auto history = world.read();
    const auto home = history.read("main", "/local/domain/5");
    REQUIRE(home);
    CHECK(home->root().child_count() == names.size());
    for (const std::string& name : names) {
        CAPTURE(name);
        const store::Node* const node = home->find("/" + name);
        REQUIRE(node != nullptr);
        CHECK(node->value() == "v");
        CHECK(home->find("/" + name + "/below")->value() == name.substr(0, 40));
    }
    // nothing of it is a file's name: only git's own files are there
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(world.directory.path())) {
        CHECK(entry.path().filename() != "below");
    }
}

HOSTILE_TEST("F7", "a flood of writes becomes a few commits, and none is waited for") {
    Published world(std::chrono::hours(1), 64);
    // a run of writes to different places is one commit, however long
    const auto before = world.publisher->stats();
    for (int i = 0; i < 900; ++i)
        REQUIRE(world.guest.write("n" + std::to_string(i / 50) + "/" + std::to_string(i), "x") ==
                "OK|");
    const auto after = world.publisher->stats();
    CHECK(after.joined - before.joined >= 890);
    CHECK(after.batches == before.batches);  // no disk was touched for a reply
    world.settle();
    CHECK(world.publisher->stats().batches - before.batches <= 2);
}

HOSTILE_TEST("F8", "no byte of a guest reaches a commit message as it is") {
    Published world;
    const std::string forged =
        "x\n\nSigned-off-by: root\ncommit 0123\x1b[31m\r\0tree\x7f\xff author <a@b> 1 +0000"s;
    REQUIRE(world.guest.write("name", forged) == "OK|");
    REQUIRE(world.guest.write("data", forged) == "OK|");
    world.settle();
    auto history = world.read();
    const auto log = history.log("main", "/", 20);
    REQUIRE(log);
    bool seen = false;
    for (const store::Commit& commit : *log) {
        std::vector<std::string> lines = commit.info.why;
        lines.push_back(commit.info.who);
        for (const std::string& line : lines) {
            seen = seen || line.find("Signed-off-by") != std::string::npos;
            CHECK_FALSE(line.starts_with("Signed-off-by"));
            for (const char c : line)
                CHECK((c >= ' ' && c < 0x7f));
        }
    }
    CHECK(seen);  // as text within a line
    // the bytes themselves are in the tree, as they were
    CHECK(history.read("main", "/local/domain/5/data")->root().value() == forged);
}

HOSTILE_TEST("F9", "an open transaction gives the next domain of an id nothing") {
    Hostile lab;
    const auto grant = lab.tool.start();
    lab.tool.write("/granted", "secret", grant);
    lab.tool.set_perms("/granted", "n0 b5", grant);
    const auto own = lab.tool.start();
    lab.tool.mkdir("/owned", own);
    lab.tool.set_perms("/owned", "n5", own);
    lab.kill(5);
    auto next = lab.domain(5);
    CHECK(lab.tool.commit(grant) == "!EAGAIN");
    CHECK(lab.tool.commit(own) == "!EAGAIN");
    CHECK(next.read("/granted") == "!EACCES");
    CHECK(lab.tool.read("/owned") == "!ENOENT");
}

HOSTILE_TEST("F9", "a snapshot brought back gives the next domain of an id nothing") {
    Hostile lab;
    lab.tool.write("/stemma/granted", "1");
    lab.tool.set_perms("/stemma/granted", "n0 b5");
    lab.tool.mkdir("/stemma/owned");
    lab.tool.set_perms("/stemma/owned", "n5");
    const store::Tree earlier = lab.server.tree().head();
    lab.kill(5);
    auto next = lab.domain(5);
    lab.tool.rm("/stemma");
    Branch branch = lab.server.tree().branch({});
    const auto changed = revert_subtree(branch, "/stemma", earlier.find("/stemma"));
    lab.server.publish_as_domain0(branch, changed, {});
    CHECK(lab.tool.read("/stemma/granted") == "1");
    CHECK(next.read("/stemma/granted") == "!EACCES");
    CHECK(lab.tool.read("/stemma/owned") == "!ENOENT");
    CHECK(lab.consistent());
}
