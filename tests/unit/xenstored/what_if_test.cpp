#include "xenstored/what_if.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "harness.hpp"
#include "store/diff.hpp"
#include "xenstored/control_commands.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

struct BranchLab : Lab {
    BranchLab() : commands(server, std::nullopt) {}

    static std::string control(Client& client, std::string words) {
        std::ranges::replace(words, ' ', '\0');
        return client.ask(MessageType::control, words + '\0');
    }

    ControlCommands commands;
    SocketClient live = socket();
    SocketClient trying = socket();
};

}  // namespace

TEST_CASE("a client that has a branch checked out edits it, and nobody sees it before the merge") {
    BranchLab lab;
    lab.live.write("/stemma/a", "1");
    REQUIRE(lab.control(lab.trying, "branch try") == "OK|");
    REQUIRE(lab.control(lab.trying, "checkout try") == "OK|");
    lab.live.watch("/stemma", "token");
    lab.live.take_events();
    CHECK(lab.trying.write("/stemma/a", "2") == "OK|");
    CHECK(lab.trying.write("/stemma/b/c", "new") == "OK|");
    CHECK(lab.trying.rm("/tool") == "OK|");
    CHECK(lab.trying.read("/stemma/a") == "2");
    CHECK(lab.live.read("/stemma/a") == "1");
    CHECK(lab.live.read("/stemma/b/c") == "!ENOENT");
    CHECK(lab.live.take_events().empty());
    CHECK(lab.control(lab.live, "changes try") ==
          "~ /stemma/a\n+ /stemma/b\n+ /stemma/b/c\n- /tool\n- /tool/xenstored\n|");

    CHECK(lab.control(lab.live, "merge try") == "merged 4|");
    CHECK(lab.live.read("/stemma/a") == "2");
    CHECK(lab.live.read("/stemma/b/c") == "new");
    CHECK(lab.live.read("/tool/xenstored") == "!ENOENT");
    CHECK(lab.live.take_events() ==
          std::vector<std::string>{"/stemma/a|token|", "/stemma/b|token|", "/stemma/b/c|token|"});
    CHECK(lab.control(lab.live, "changes try") == "|");
    CHECK(lab.control(lab.live, "merge try") == "merged 0|");
}

TEST_CASE("a transaction of a branch is judged against the branch") {
    BranchLab lab;
    lab.control(lab.trying, "branch try");
    lab.control(lab.trying, "checkout try");
    SocketClient other = lab.socket();
    lab.control(other, "checkout try");
    std::uint32_t id = lab.trying.start();
    CHECK(lab.control(lab.trying, "checkout") == "!EBUSY");
    CHECK(lab.trying.read("/tool/xenstored", id) == "");
    lab.trying.write("/a", "x", id);
    lab.live.write("/tool/xenstored", "changed in the live tree");
    CHECK(lab.trying.commit(id) == "OK|");
    CHECK(other.read("/a") == "x");

    id = lab.trying.start();
    CHECK(lab.trying.read("/tool/xenstored", id) == "");
    lab.trying.write("/a", "y", id);
    other.write("/tool/xenstored", "changed on the branch");
    CHECK(lab.trying.commit(id) == "!EAGAIN");
    CHECK(lab.live.read("/a") == "!ENOENT");
}

TEST_CASE("a merge joins network state by type, and names what it cannot join") {
    BranchLab lab;
    const std::string arp = "/local/domain/7/data/net/arp/0/10-0-0-2";
    lab.live.write(arp, "02:00:00:00:00:01 100");
    lab.live.write("/stemma/a", "1");
    lab.control(lab.trying, "branch try");
    lab.control(lab.trying, "checkout try");
    lab.trying.write(arp, "02:00:00:00:00:02 200");
    lab.live.write(arp, "02:00:00:00:00:01 150");
    CHECK(lab.control(lab.live, "merge try") == "merged 1|");
    CHECK(lab.live.read(arp) == "02:00:00:00:00:02 200");

    lab.trying.write("/stemma/a", "2");
    lab.trying.write("/stemma/b", "2");
    lab.live.write("/stemma/a", "3");
    CHECK(lab.control(lab.live, "merge try") == "conflict: /stemma/a: changed on both sides|");
    CHECK(lab.live.read("/stemma/a") == "3");
    CHECK(lab.live.read("/stemma/b") == "!ENOENT");
}

TEST_CASE("a merge makes no node of a domain that is gone, and drops its permissions") {
    BranchLab lab;
    lab.domain(5);
    lab.domain(6);
    lab.control(lab.trying, "branch try");
    lab.control(lab.trying, "checkout try");
    lab.trying.write("/five", "");
    lab.trying.set_perms("/five", "n5");
    lab.trying.write("/five/below", "");
    lab.trying.write("/both", "");
    lab.trying.set_perms("/both", "n0 r5 w6");
    lab.kill(5);
    lab.domain(5);
    CHECK(lab.control(lab.live, "merge try") == "merged 1|");
    CHECK(lab.live.read("/five") == "!ENOENT");
    CHECK(lab.live.perms("/both") == "n0|w6|");
}

TEST_CASE("a merge beyond a domain's quota changes nothing") {
    BranchLab lab;
    lab.domain(5);
    lab.live.ask(MessageType::control, parts({"quota", "set", "nodes", "3"}));
    lab.control(lab.trying, "branch try");
    lab.control(lab.trying, "checkout try");
    for (int i = 0; i < 5; ++i) {
        const std::string path = "/n" + std::to_string(i);
        lab.trying.write(path, "");
        lab.trying.set_perms(path, "n5");
    }
    CHECK(lab.control(lab.live, "merge try") == "!ENOSPC");
    CHECK(lab.live.read("/n0") == "!ENOENT");
    lab.trying.rm("/n0");
    lab.trying.rm("/n1");
    CHECK(lab.control(lab.live, "merge try") == "merged 3|");
}

TEST_CASE("branches have names and a bound, and go when nobody has them checked out") {
    BranchLab lab;
    for (const char* const bad : {"-a", "a/b", "a_b", "a.b"})
        CHECK(lab.control(lab.live, std::string("branch ") + bad) == "!EINVAL");
    CHECK(lab.control(lab.live, "branch " + std::string(65, 'a')) == "!EINVAL");
    CHECK(lab.control(lab.live, "checkout none") == "!ENOENT");
    CHECK(lab.control(lab.live, "merge none") == "!ENOENT");
    CHECK(lab.control(lab.live, "drop none") == "!ENOENT");
    CHECK(lab.control(lab.live, "changes none") == "!ENOENT");
    for (std::size_t i = 0; i < WhatIfBranches::bound; ++i)
        REQUIRE(lab.control(lab.live, "branch b" + std::to_string(i)) == "OK|");
    CHECK(lab.control(lab.live, "branch b0") == "!EEXIST");
    CHECK(lab.control(lab.live, "branch more") == "!ENOSPC");
    CHECK(lab.control(lab.live, "branch").starts_with("b0 "));
    lab.control(lab.trying, "checkout b0");
    CHECK(lab.control(lab.live, "drop b0") == "!EBUSY");
    lab.control(lab.trying, "checkout");
    CHECK(lab.control(lab.live, "drop b0") == "OK|");
    CHECK(lab.control(lab.live, "branch more") == "OK|");
}

TEST_CASE("what a branch lists is cut at whole lines") {
    const store::Time now{};
    LiveTree live(now);
    WhatIf branch{now, live.head(), live};
    Branch edit = branch.tree.branch({});
    for (int i = 0; i < 100; ++i)
        edit.create("/n" + std::to_string(i), {});
    branch.tree.publish(edit);
    const std::string text = changes_text(branch, 30);
    CHECK(text == "+ /n0\n+ /n1\n+ /n10\n+ /n11\n...\n");
    CHECK(std::ranges::count(changes_text(branch, 4096), '\n') == 100);
}

TEST_CASE("a branch goes on in the next program, and so does who has it checked out") {
    BranchLab lab;
    lab.through_stream = GENERATE(false, true);
    for (const char* const path : {"/stemma/a", "/stemma/gone/x", "/stemma/kept"})
        lab.live.write(path, "1");
    lab.control(lab.trying, "branch try");
    lab.control(lab.live, "branch untouched");
    lab.control(lab.trying, "checkout try");
    lab.trying.write("/stemma/a", "2");
    lab.trying.write("/stemma/b/c", "new");
    lab.trying.set_perms("/stemma/b", "n0 r5");
    lab.trying.rm("/stemma/gone");
    lab.live.write("/stemma/later", "live");
    lab.live.rm("/tool/xenstored");
    const auto generation = [&](const char* path) {
        return lab.server.branches().find("try")->tree.head().find(path)->generation();
    };
    const std::uint64_t parent = generation("/stemma"), child = generation("/stemma/b");
    const std::string changes = lab.control(lab.live, "changes try");
    const std::string branches = lab.control(lab.live, "branch");
    lab.restart();
    lab.server.set_control(&lab.commands);
    CHECK(lab.control(lab.live, "branch") == branches);
    CHECK(lab.control(lab.live, "changes try") == changes);
    CHECK(lab.control(lab.live, "changes untouched") == "|");
    CHECK(generation("/stemma") == parent);
    CHECK(generation("/stemma/b") == child);
    CHECK(lab.trying.read("/stemma/a") == "2");
    CHECK(lab.trying.perms("/stemma/b") == "n0|r5|");
    CHECK(lab.trying.read("/tool/xenstored") == "");
    CHECK(lab.trying.read("/stemma/later") == "!ENOENT");
    CHECK(lab.trying.write("/stemma/d", "3") == "OK|");
    CHECK(lab.live.read("/stemma/d") == "!ENOENT");
    CHECK(lab.control(lab.live, "drop try") == "!EBUSY");
    CHECK(lab.control(lab.live, "merge try") == "merged 5|");
    CHECK(lab.live.read("/stemma/b/c") == "new");
    CHECK(lab.live.read("/stemma/d") == "3");
    CHECK(lab.live.read("/stemma/gone") == "!ENOENT");
    CHECK(lab.live.read("/stemma/later") == "live");
    CHECK(lab.live.read("/tool/xenstored") == "!ENOENT");
    CHECK(lab.consistent());
}

TEST_CASE("branches of any form come through the stream as they were") {
    std::mt19937 random(GENERATE(range(0u, 20u)));
    CAPTURE(random);
    const auto below = [&](unsigned bound) { return static_cast<unsigned>(random()) % bound; };
    BranchLab lab;
    lab.through_stream = true;
    lab.control(lab.trying, "branch try");
    lab.control(lab.trying, "checkout try");
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 30; ++i) {
            Client& client = below(2) == 0 ? static_cast<Client&>(lab.live) : lab.trying;
            std::string path;
            for (unsigned depth = 1 + below(3); depth > 0; --depth)
                path += std::string("/") + "abc"[below(3)];
            switch (below(4)) {
                case 0:
                    client.rm(path);
                    break;
                case 1:
                    client.set_perms(path, "n0 r" + std::to_string(below(3)));
                    break;
                default:
                    client.write(path, std::to_string(below(3)));
                    break;
            }
        }
        const auto before = *lab.server.branches().find("try");
        lab.restart();
        lab.server.set_control(&lab.commands);
        const auto after = lab.server.branches().find("try");
        REQUIRE(after);
        std::vector<std::string> differ;
        const auto note = [&](const store::Change& change) { differ.emplace_back(change.path); };
        store::diff(before.base, after->base, note);
        store::diff(before.tree.head(), after->tree.head(), note);
        CHECK(differ.empty());
        CHECK(after->tree.last_edit() >= before.tree.last_edit());
        CHECK(NodeCounts::of_tree(after->tree.head().root()) == after->tree.counts());
        // What was not changed is shared with the live tree, as before.
        CHECK(after->base.find("/tool") == lab.server.tree().head().find("/tool"));
    }
}
