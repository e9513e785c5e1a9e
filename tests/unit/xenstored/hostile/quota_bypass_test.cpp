// C: ways around a quota.
#include "hostile_test.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

struct Small : Hostile {
    Small() : Hostile(settings()) {}
    static Server::Settings settings() {
        Server::Settings settings;
        settings.limits.nodes = 10;
        return settings;
    }
};

}  // namespace

HOSTILE_TEST("C1", "quota bypass: one deep write is counted whole, and a refused one not at all") {
    Small lab;
    CHECK(lab.evil.write("a/b/c/d/e/f/g/h/i/j/k/l", "1") == "!ENOSPC");
    CHECK(lab.use_of(5).nodes == 1);
    CHECK(lab.evil.list("/local/domain/5") == "");
    CHECK(lab.evil.write("a/b/c/d/e/f/g/h/i", "1") == "OK|");
    CHECK(lab.use_of(5).nodes == 10);
    CHECK(lab.evil.mkdir("one-more") == "!ENOSPC");
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("C1", "deleting in a transaction what others deleted gives no credit") {
    Small lab;
    for (int i = 0; i < 8; ++i)
        lab.evil.mkdir("d/" + std::to_string(i));
    const auto id = lab.evil.start();
    for (int i = 0; i < 8; ++i)
        lab.evil.rm("d/" + std::to_string(i), id);
    for (int i = 0; i < 8; ++i)
        lab.evil.rm("d/" + std::to_string(i));
    lab.evil.mkdir("x", id);
    lab.evil.commit(id);
    int made = 0;
    while (made < 50 && lab.evil.mkdir("n" + std::to_string(made)) == "OK|")
        ++made;
    CHECK(lab.use_of(5).nodes == 10);
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("C1", "transactions side by side cannot commit more than the quota together") {
    Small lab;
    std::vector<std::uint32_t> open;
    for (int t = 0; t < 5; ++t) {
        open.push_back(lab.evil.start());
        for (int i = 0; i < 5; ++i)
            REQUIRE(lab.evil.mkdir("t" + std::to_string(t) + "/" + std::to_string(i),
                                   open.back()) == "OK|");
    }
    int full = 0;
    for (const auto id : open)
        full += lab.evil.commit(id) == "!ENOSPC" ? 1 : 0;
    CHECK(full == 4);
    CHECK(lab.use_of(5).nodes == 7);
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("C1", "no node is left without its parent") {
    Small lab;
    lab.evil.mkdir("p");
    const auto id = lab.evil.start();
    lab.evil.mkdir("p/child", id);
    lab.evil.rm("p");
    CHECK(lab.evil.commit(id) == "!EAGAIN");
    CHECK(lab.evil.list("/local/domain/5") == "");
    CHECK(lab.use_of(5).nodes == 1);
    CHECK(lab.consistent());
}

HOSTILE_TEST("C2", "a guest gives no node away, and takes none") {
    Small lab;
    lab.evil.mkdir("x");
    for (const char* entries : {"n0", "n6", "n0 b5", "n6 b5", "n7", "n32752", "n65535"}) {
        CAPTURE(entries);
        const std::string answer = lab.evil.set_perms("x", entries);
        CHECK(answer.starts_with('!'));
    }
    CHECK(lab.evil.set_perms("/local/domain/6", "n5") == "!EACCES");
    CHECK(lab.use_of(5).nodes == 2);
    CHECK(lab.consistent());
}

HOSTILE_TEST("C2", "a dead owner's nodes are gone, and nobody else's count grows") {
    Small lab;
    const auto zero = lab.server.tree().counts().of({});
    lab.evil.mkdir("a/b/c");
    lab.tool.mkdir("/shared");
    lab.tool.set_perms("/shared", "b0");
    lab.evil.mkdir("/shared/of5");
    lab.good.mkdir("/shared/of5/of6");  // refused: of5 is not its
    lab.kill(5);
    CHECK(lab.tool.list("/shared") == "");
    CHECK(lab.tool.list("/local/domain") == "6|");
    CHECK(lab.server.tree().counts().of({}).nodes == zero.nodes + 1);
    CHECK(lab.consistent());
}

HOSTILE_TEST("C2", "nodes given to a domain before INTRODUCE count for it") {
    Small lab;
    lab.make(7);
    for (int i = 0; i < 10; ++i) {
        lab.tool.mkdir("/pre/" + std::to_string(i));
        lab.tool.set_perms("/pre/" + std::to_string(i), "n7");
    }
    CHECK(lab.use_of(7).nodes == 10);
    CHECK(lab.tool.ask(MessageType::introduce, strings_of({"7", "1", "1"})) == "OK|");
    RingClient guest(lab, 7, lab.hypervisor.pages.at(7));
    CHECK(guest.mkdir("/pre/0/x") == "!ENOSPC");
    CHECK(guest.rm("/pre/0/x") == "OK|");
    CHECK(lab.consistent());
}

HOSTILE_TEST("C3", "quota residue: the next domain of the id starts from nothing") {
    Small lab;
    auto guest = lab.evil;
    for (int round = 0; round < 5; ++round) {
        int made = 0;
        while (made < 50 && guest.mkdir("n" + std::to_string(made)) == "OK|")
            ++made;
        CHECK(made == 9);
        for (int i = 0; i < 200; ++i)
            guest.watch("/w", std::to_string(i));
        while (guest.start() != 0) {
        }
        guest.held_back = 1;
        for (int i = 0; i < 30; ++i)
            guest.send(encoded(MessageType::read, "/\0"s, 0));
        guest.receive();
        lab.tool.ask(MessageType::set_quota, strings_of({"5", "watches", "1"}));
        lab.kill(5);
        CHECK(lab.server.connections().watches().size() == 0);
        guest = lab.domain(5);
        CHECK(lab.use_of(5) == NodeUse{});
        CHECK(lab.server.memory().of(*lab.connection_of(5)) == 0);
        CHECK(lab.connection_of(5)->outstanding->count() == 0);
        CHECK(lab.server.domains().find(5)->limits.watches == 128);
        lab.tool.mkdir("/local/domain/5");
        lab.tool.set_perms("/local/domain/5", "n5");
        guest.take_events();
    }
    CHECK(lab.consistent());
}
