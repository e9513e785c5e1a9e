// A: what a guest can do with its ring and its messages.
#include "hostile_test.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

HOSTILE_TEST("A1", "hostile ring indexes: any distance over 1024 ends that domain's service only") {
    for (const std::size_t index :
         {xs::ring_page::request_producer, xs::ring_page::reply_consumer}) {
        for (const std::uint32_t distance : {1025u, 4096u, 0x7fffffffu, 0x80000000u, 0xfffffbffu}) {
            CAPTURE(index, distance);
            Hostile lab;
            lab.tool.write("/x", "0");
            lab.tool.set_perms("/x", "r0");
            lab.evil.watch("/x", "t");
            lab.evil.take_events();
            set_word(*lab.evil.page, index, word(*lab.evil.page, index) + distance);
            lab.tool.write("/x", "1");  // something to say to it
            lab.server.domain_notified(5);
            lab.settle();
            CHECK(word(*lab.evil.page, xs::ring_page::error) == 2);
            CHECK(lab.server.stats().quarantined == 1);
            CHECK(lab.server.connections().watches().size() == 0);
            CHECK(lab.others_are_well());
        }
    }
}

HOSTILE_TEST("A1", "the daemon's own indexes are not read back from the page") {
    Hostile lab;
    const std::string request = encoded(MessageType::get_domain_path, "5\0"s, 0);
    for (int i = 0; i < 100; ++i) {
        REQUIRE(lab.evil.ring.write(std::as_bytes(std::span(request))) == request.size());
        set_word(*lab.evil.page, xs::ring_page::request_consumer, 0xdeadbeef);
        set_word(*lab.evil.page, xs::ring_page::reply_producer, 0xdeadbeef);
        lab.server.domain_notified(5);
        lab.settle();
        std::array<std::byte, 1024> reply;
        REQUIRE(lab.evil.ring.read(reply) == std::size_t{16 + 16});
    }
    CHECK(lab.server.stats().quarantined == 0);
}

HOSTILE_TEST("A1", "what was read once is not looked at again in the page") {
    Hostile lab;
    lab.server.domain_notified(5);
    const std::string request = encoded(MessageType::write, "twice\0first"s, 0);
    REQUIRE(lab.evil.ring.write(std::as_bytes(std::span(request))) == request.size());
    lab.server.domain_notified(5);
    lab.server.run_turns();
    std::fill_n(lab.evil.page->bytes.begin(), 1024, std::byte{0xff});  // too late
    lab.settle();
    CHECK(lab.tool.read("/local/domain/5/twice") == "first");
}

HOSTILE_TEST("A2", "message length abuse: over 4096 the stream is followed no further") {
    for (const std::uint32_t length : {4097u, 65536u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) {
        CAPTURE(length);
        Hostile lab;
        std::string bytes = encoded(MessageType::write, "", 0);
        std::memcpy(bytes.data() + 12, &length, sizeof length);
        lab.evil.send(bytes + std::string(500, 'x'));
        lab.evil.receive();
        CHECK(word(*lab.evil.page, xs::ring_page::error) == 3);
        const auto requests = lab.server.stats().requests;
        for (int i = 0; i < 10; ++i)
            lab.server.domain_notified(5);
        lab.settle();
        CHECK(lab.server.stats().requests == requests);  // never tried again (XSA-420)
        CHECK_FALSE(lab.server.has_turns_due());
        CHECK(lab.others_are_well());
    }
}

HOSTILE_TEST("A2", "the longest message is one") {
    Hostile lab;
    CHECK(lab.tool.write("/big", std::string(4091, 'x')) == "OK|");
    CHECK(lab.tool.read("/big") == std::string(4091, 'x'));
}

HOSTILE_TEST("A3", "oversized reply: E2BIG, oversized event: dropped, the connection lives") {
    Hostile lab;
    for (int i = 0; i < 60; ++i)
        lab.tool.mkdir("/wide/" + std::string(90, 'n') + std::to_string(i));
    lab.tool.set_perms("/wide", "r0");
    CHECK(lab.evil.list("/wide") == "!E2BIG");

    const std::string token(2100, 't');
    CHECK(lab.evil.watch("/wide", token) == "OK|");
    CHECK(lab.evil.take_events().size() == 1);
    const std::string child = "/wide/" + std::string(2000, 'c');  // with its token over 4096
    CHECK(lab.tool.mkdir(child) == "OK|");
    CHECK(lab.evil.take_events().empty());
    CHECK(lab.server.announcer().dropped() == 1);
    CHECK(lab.evil.read("/wide") == "");
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("A4", "no operation stumbles over /local/domain/ and its like") {
    Hostile lab;
    for (const std::string_view path : {"/local/domain/", "/local/domain", "/local/domain/5/", "//",
                                        "/", "", "@", "@releaseDomain/", "/local/domain/4294967295",
                                        "/local/domain/-1/x", "/local/domain//x"}) {
        for (std::uint32_t type = 0; type < 30; ++type) {
            CAPTURE(path, type);
            for (const std::string& payload :
                 {std::string(path), strings_of({path}), strings_of({path, ""}),
                  strings_of({path, "n5"}), strings_of({path, "t", "1"})}) {
                const auto kind = static_cast<MessageType>(type);
                CHECK(lab.evil.ask(kind, payload) != "nothing");
            }
        }
    }
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("A4", "RESET_WATCHES inside a transaction drops that one, too") {
    Hostile lab;
    const auto id = lab.evil.start();
    lab.evil.write("a", "1", id);
    CHECK(lab.evil.ask(MessageType::reset_watches, "\0"s, id) == "OK|");
    CHECK(lab.evil.write("a", "1", id) == "!ENOENT");
    CHECK(lab.evil.commit(id) == "!ENOENT");
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("A4", "a transaction that removes what another has removed makes no count negative") {
    Hostile lab;
    for (int i = 0; i < 10; ++i)
        lab.evil.write("d/" + std::to_string(i), "1");
    const auto first = lab.evil.start(), second = lab.evil.start();
    CHECK(lab.evil.rm("d", first) == "OK|");
    CHECK(lab.evil.rm("d", second) == "OK|");
    CHECK(lab.evil.rm("d") == "OK|");
    lab.evil.commit(first);
    lab.evil.commit(second);
    CHECK(lab.use_of(5).nodes == 1);
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("A5", "a domain may be released in the middle of anything") {
    Server::Settings settings;
    settings.privileged_domain = 6;
    Hostile lab(settings);
    lab.evil.watch("/local/domain/6", "t");
    lab.evil.start();
    CHECK(lab.tool.ask(MessageType::set_target, strings_of({"5", "6"})) == "OK|");
    // a privileged domain releases itself: its answer has nowhere to go
    CHECK(lab.good.ask_path(MessageType::release, "6") == "nothing");
    CHECK(lab.evil.write("alive", "1") == "OK|");
    CHECK(lab.tool.ask_path(MessageType::release, "5") == "OK|");
    CHECK(lab.tool.ask_path(MessageType::release, "5") == "!ENOENT");
    CHECK(lab.server.connections().watches().size() == 0);
    CHECK(lab.consistent());
}

HOSTILE_TEST("A5", "events and answers for who has gone meanwhile reach nobody") {
    Hostile lab;
    auto watcher = lab.socket();
    watcher.watch("/local/domain/5", "t");
    for (int i = 0; i < 10; ++i)
        lab.evil.send(encoded(MessageType::write, "k"s + std::to_string(i) + "\0v"s, 0));
    lab.server.disconnect(watcher.id());
    lab.evil.receive();
    lab.kill(5);
    lab.server.answer_deferred(watcher.id(), {}, std::string("late"));
    lab.server.domain_notified(5);
    lab.settle();
    CHECK(lab.good.write("mark", "1") == "OK|");
    CHECK(lab.consistent());
}

HOSTILE_TEST("A5", "INTRODUCE and RELEASE in a loop leave nothing behind") {
    Hostile lab;
    const auto connections = lab.server.connections().size();
    const auto domains = lab.server.domains().size();
    for (int i = 0; i < 200; ++i) {
        auto guest = lab.domain(9);
        guest.watch("/x", "t");
        guest.start();
        guest.send("half a message");
        guest.receive();
        i % 2 == 0 ? static_cast<void>(lab.tool.ask_path(MessageType::release, "9")) : lab.kill(9);
    }
    CHECK(lab.server.connections().size() == connections);
    CHECK(lab.server.domains().size() == domains);
    CHECK(lab.server.connections().watches().size() == 0);
}

HOSTILE_TEST("A6", "unbounded recursion: a path as deep as it can be costs no stack") {
    Hostile lab;
    std::string deep = "/deep";
    while (deep.size() < 2040)
        deep += "/d";
    lab.tool.mkdir("/deep");
    lab.tool.set_perms("/deep", "b5");
    lab.tool.watch("/", "t");
    lab.tool.take_events();
    CHECK(lab.evil.write(deep, "1") == "!ENOSPC");  // the node quota
    lab.server.domains().set_limit(*lab.server.domains().find(5), *find_quota("nodes"), 0);
    CHECK(lab.evil.write(deep, "1") == "OK|");
    CHECK(lab.use_of(5).nodes > 1000);
    lab.server.domains().set_limit(*find_quota("transaction-nodes"), 500);
    const auto id = lab.evil.start();
    CHECK(lab.evil.rm("/deep/d", id) == "!EIO");  // it touches too many nodes
    CHECK(lab.evil.commit(id) == "!ENOMEM");
    CHECK(lab.evil.rm("/deep/d") == "OK|");
    CHECK(lab.evil.write(deep, "1") == "OK|");
    lab.kill(5);  // its nodes go, children before their parents
    CHECK(lab.tool.list("/") == "tool|local|");
    CHECK(lab.good.write("mark", "1") == "OK|");
    CHECK(lab.consistent());
}

HOSTILE_TEST("A6", "a notification that arrives in the middle of a request is not served there") {
    Hostile lab;
    // SET_PERMS asks the hypervisor what is new, and it says that the guest rings
    lab.evil.send(encoded(MessageType::write, "x\0y"s, 0));
    const auto before = lab.server.stats().requests;
    lab.server.domain_notified(5);
    CHECK(lab.server.stats().requests == before);
    CHECK(lab.server.has_turns_due());
}
