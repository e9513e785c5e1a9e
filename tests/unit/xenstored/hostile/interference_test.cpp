// E: what a guest can do to others' transactions, and to the knowledge of its own end.
#include "hostile_test.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

HOSTILE_TEST("E1", "starvation: a guest that writes without end fails domain 0 once") {
    Hostile lab;
    lab.evil.write("state", "0");
    int tries = 0;
    std::string verdict;
    do {
        const auto id = lab.tool.start();
        const std::string state = lab.tool.read("/local/domain/5/state", id);
        lab.tool.write("/tool/seen", state, id);
        for (int i = 0; i < 30; ++i) {
            lab.evil.send(encoded(MessageType::write,
                                  "state\0"s + std::to_string(tries) + std::to_string(i), 0));
        }
        lab.evil.receive();
        verdict = lab.tool.commit(id);
        REQUIRE(++tries < 5);
    } while (verdict != "OK|");
    CHECK(tries == 2);
    lab.evil.receive();
    CHECK(lab.evil.received.size() == static_cast<std::size_t>(30 * tries));
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("E1", "a guest's open transactions hold up nobody's writes") {
    Hostile lab;
    lab.tool.mkdir("/shared");
    lab.tool.set_perms("/shared", "b0");
    std::vector<std::uint32_t> open;
    while (const auto id = lab.evil.start()) {
        lab.evil.read("/shared", id);
        lab.evil.write("/shared/mine", "1", id);
        open.push_back(id);
    }
    CHECK(lab.good.write("/shared/other", "1") == "OK|");
    const auto id = lab.tool.start();
    lab.tool.write("/shared/tools", "1", id);
    CHECK(lab.tool.commit(id) == "OK|");
    for (const auto evil : open)
        lab.evil.commit(evil);
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("E2", "zombies: the end of a domain that misbehaved is told, and leaves nothing") {
    Hostile lab;
    lab.tool.watch("@releaseDomain", "t");
    lab.evil.write("left", "1");
    lab.tool.take_events();
    set_word(*lab.evil.page, xs::ring_page::request_producer, 0x77777777);
    lab.server.domain_notified(5);
    lab.settle();
    CHECK(lab.server.stats().quarantined == 1);
    CHECK(lab.tool.ask_path(MessageType::is_domain_introduced, "5") == "T|");
    CHECK(lab.tool.take_events().empty());
    lab.server.domain_shut_down(5);
    CHECK(lab.tool.take_events() == std::vector{"@releaseDomain|t|"s});
    lab.kill(5);
    CHECK(lab.tool.take_events() == std::vector{"@releaseDomain|t|"s});
    CHECK(lab.tool.read("/local/domain/5/left") == "!ENOENT");
    CHECK(lab.tool.ask_path(MessageType::is_domain_introduced, "5") == "F|");
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("E3", "transaction ids: another's id is nobody's, and none is given twice") {
    Hostile lab;
    const auto theirs = lab.good.start();
    lab.good.write("in", "1", theirs);
    for (const std::uint32_t id : {theirs, theirs + 1, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
        CHECK(lab.evil.read(".", id) == "!ENOENT");
        CHECK(lab.evil.commit(id) == "!ENOENT");
    }
    CHECK(lab.evil.commit(0) == "!ENOENT");
    CHECK(lab.good.commit(theirs) == "OK|");
    CHECK(lab.good.commit(theirs) == "!ENOENT");

    // WATCH and UNWATCH take no notice of it (XSA-115)
    CHECK(lab.evil.ask(MessageType::watch, strings_of({"w", "t"}), 12345) == "OK|");
    CHECK(lab.evil.ask(MessageType::unwatch, strings_of({"w", "t"}), 12345) == "OK|");

    // around the end of the numbers, past 0 and past those in use
    const auto first = lab.evil.start();
    Connection* const connection = lab.server.connections().find(lab.connection_of(5)->id);
    connection->next_transaction_id = 0xffffffff;
    std::set<std::uint32_t> given{first};
    for (int i = 0; i < 5; ++i) {
        const auto id = lab.evil.start();
        CHECK(id != 0);
        CHECK(given.insert(id).second);
    }
    CHECK(given.contains(0xffffffff));
}
