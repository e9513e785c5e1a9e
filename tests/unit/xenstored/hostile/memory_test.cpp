// B: what a guest can make the daemon hold.
#include "hostile_test.hpp"
#include "xenstored/options.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

// What one request can add beyond a limit that was not reached before it.
constexpr std::size_t one_request = xs::message_max + 1024;

}  // namespace

HOSTILE_TEST("B1", "unread replies: the ring is read no more, and nothing else waits") {
    Hostile lab;
    lab.evil.held_back = 1;
    lab.tool.write("/big", std::string(3000, 'x'));
    lab.tool.set_perms("/big", "r0");
    for (int i = 0; i < 500; ++i)
        lab.evil.send(encoded(MessageType::read, "/big\0"s, 0));
    lab.evil.receive();
    CHECK(lab.connection_of(5)->out.replies() <= 20);
    CHECK(lab.connection_of(5)->out.bytes() <= 20 * xs::message_max);
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("B1", "unread events: bounded by memory, gone after twenty seconds") {
    Server::Settings settings;
    settings.limits.memory = 20'000;
    Hostile lab(settings);
    lab.tool.mkdir("/d");
    lab.tool.set_perms("/d", "r0");
    lab.evil.watch("/d", std::string(200, 't'));
    lab.evil.take_events();
    lab.evil.held_back = 1;
    for (int i = 0; i < 1000; ++i) {
        lab.tool.write("/d/" + std::to_string(i), "");
        REQUIRE(lab.server.memory().of(*lab.connection_of(5)) < 20'000);
    }
    CHECK(lab.server.announcer().dropped() > 500);
    lab.clock.advance(std::chrono::seconds(20));
    lab.server.expire();
    CHECK(lab.connection_of(5)->out.bytes() < 300);  // what was half sent
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("B1", "events for a guest that does not read count against the one who makes them") {
    Hostile lab;
    lab.tool.mkdir("/both");
    lab.tool.set_perms("/both", "b0");
    lab.good.watch("/both", "t");
    lab.good.take_events();
    lab.good.held_back = 1;
    int answered = 0;
    while (answered < 500 && lab.evil.write("/both/" + std::to_string(answered), "") == "OK|")
        ++answered;
    CHECK(answered < 100);  // the ring's 1024 bytes, then 20 requests
    CHECK(lab.connection_of(5)->outstanding->count() == 20);
    lab.clock.advance(std::chrono::seconds(20));
    lab.server.expire();
    lab.settle();
    lab.evil.receive();
    CHECK(lab.evil.received.size() == 1);
}

HOSTILE_TEST("B2", "many nodes in many transactions: nodes, requests and bytes are bounded") {
    Hostile lab;
    std::vector<std::uint32_t> open;
    while (const auto id = lab.evil.start())
        open.push_back(id);
    CHECK(open.size() == 11);
    std::size_t most = 0;
    for (const auto id : open) {
        for (int i = 0; i < 1200; ++i) {
            lab.evil.write("n" + std::to_string(i), std::string(1500, 'x'), id);
            most = std::max(most, lab.server.memory().of(*lab.connection_of(5)));
        }
    }
    CHECK(most <= Limits().memory + one_request);
    for (const auto id : open)
        CHECK(lab.evil.commit(id) == "!ENOMEM");
    CHECK(lab.use_of(5).nodes == 1);
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("B2", "a transaction of requests without end breaks before its end costs much") {
    Hostile lab;
    const auto id = lab.evil.start();
    for (int i = 0; i < 5000; ++i)
        REQUIRE(lab.evil.read("/local/domain/5", id) != "nothing");
    CHECK(lab.connection_of(5)->transactions.at(id)->kept_weight() <= 4096);
    CHECK(lab.evil.commit(id) == "!ENOMEM");
}

HOSTILE_TEST("B3", "total memory of a domain: everything together stays below the quota") {
    Server::Settings settings;
    settings.limits.memory = 60'000;
    Hostile lab(settings);
    std::vector<std::uint32_t> open;
    std::mt19937 random(1);
    for (int step = 0; step < 4000; ++step) {
        const std::string name = "n" + std::to_string(random() % 60);
        switch (random() % 6) {
            case 0:
                lab.evil.write(name, std::string(random() % 2000, 'x'));
                break;
            case 1:
                lab.evil.watch(name, std::string(random() % 1000, 't'));
                break;
            case 2:
                if (const auto id = lab.evil.ask(MessageType::transaction_start, "\0"s);
                    id.find_first_not_of("0123456789|") == std::string::npos) {
                    open.push_back(static_cast<std::uint32_t>(std::stoul(id)));
                }
                break;
            case 3:
                if (!open.empty()) {
                    lab.evil.write(name, std::string(random() % 2000, 'x'),
                                   open[random() % open.size()]);
                }
                break;
            case 4:
                if (random() % 20 == 0 && !open.empty()) {
                    lab.evil.commit(open.back());
                    open.pop_back();
                }
                break;
            default:
                lab.evil.held_back = static_cast<int>(random() % 2);
                break;
        }
        REQUIRE(lab.server.memory().of(*lab.connection_of(5)) <= 60'000 + one_request);
        if (step % 50 == 0) lab.evil.received.clear();
    }
    CHECK(lab.others_are_well());
    lab.kill(5);
    CHECK(lab.server.tree().counts() == NodeCounts::of_tree(lab.server.tree().head().root()));
}

// An open transaction keeps alive what the live tree has left behind, whoever changed it.
HOSTILE_TEST(
    "B3", "old versions that open transactions keep alive are bounded, for all guests together") {
    Hostile lab;
    const auto old = lab.evil.start(), used = lab.evil.start();
    lab.evil.write("before", "1", used);
    const auto tools = lab.tool.start();
    lab.tool.write("/tool/kept", "1", tools);
    const std::string value(4000, 'x');
    const auto churn = [&](std::size_t bytes) {
        const auto from = lab.server.tree().replaced_bytes();
        while (lab.server.tree().replaced_bytes() < from + bytes)
            lab.tool.write("/tool/churn", value);
    };
    churn(replaced_bytes_kept / 2);
    const auto recent = lab.evil.start();
    lab.evil.write("recent", "1", recent);
    CHECK(lab.connection_of(5)->transactions.at(used)->kept_weight() == 1);
    churn(replaced_bytes_kept * 5 / 8);
    CHECK(lab.connection_of(5)->transactions.at(used)->kept_weight() == 0);
    // it is answered to its end, and that is EAGAIN, at which every client tries again
    CHECK(lab.evil.read("before", used) == "!ENOENT");
    CHECK(lab.evil.write("before", "2", used) == "OK|");
    CHECK(lab.evil.read("before", used) == "!ENOENT");
    CHECK(lab.evil.commit(used) == "!EAGAIN");
    CHECK(lab.evil.commit(old) == "!EAGAIN");
    CHECK(lab.evil.read("before") == "!ENOENT");
    CHECK(lab.evil.commit(recent) == "OK|");
    CHECK(lab.tool.commit(tools) == "OK|");
    CHECK(lab.tool.read("/tool/kept") == "1");
    CHECK(lab.others_are_well());
}

HOSTILE_TEST("B4", "temporaries: a request leaves nothing but what it was for") {
    Hostile lab;
    lab.evil.write("v", std::string(1900, 'x'));
    const auto before = lab.server.memory().of(*lab.connection_of(5));
    for (int i = 0; i < 2000; ++i) {
        lab.evil.read("v");
        lab.evil.read(std::string(2000, 'n'));
        lab.evil.set_perms("v", "n5 r1 r2 r3 r4");
        lab.evil.set_perms("v", "n5");
        lab.evil.list("/local/domain/5");
    }
    CHECK(lab.server.memory().of(*lab.connection_of(5)) == before);
    CHECK(lab.connection_of(5)->out.empty());
    CHECK(lab.connection_of(5)->outstanding->count() == 0);
    CHECK(InBuffer::capacity <= 5 * xs::message_max);
}

HOSTILE_TEST("B5", "watch bookkeeping: every way out of a connection leaves no watch") {
    Hostile lab;
    const auto fill = [&](RingClient& guest) {
        for (int i = 0; i < 100; ++i)
            REQUIRE(guest.watch("/w" + std::to_string(i), "t") == "OK|");
        REQUIRE(guest.start() != 0);
        guest.take_events();
        REQUIRE(lab.server.connections().watches().size() == 100);
    };
    const auto nothing_left = [&] {
        const Connection* const connection = lab.connection_of(5);
        return lab.server.connections().watches().size() == 0 &&
               (connection == nullptr || connection->transactions.empty());
    };
    auto guest = lab.evil;
    fill(guest);
    SECTION("unwatch") {
        for (int i = 0; i < 100; ++i)
            REQUIRE(guest.unwatch("/w" + std::to_string(i), "t") == "OK|");
        CHECK(lab.server.connections().watches().size() == 0);
        CHECK(lab.server.connections().watches().bytes(lab.connection_of(5)->id) == 0);
    }
    SECTION("RESET_WATCHES, as a kernel does after kexec, over and over") {
        for (int round = 0; round < 20; ++round) {
            CHECK(guest.ask(MessageType::reset_watches, "\0"s) == "OK|");
            CHECK(nothing_left());
            fill(guest);
        }
        guest.ask(MessageType::reset_watches, "\0"s);
        CHECK(nothing_left());
    }
    SECTION("reconnection") {
        set_word(*guest.page, xs::ring_page::connection, 1);
        lab.server.domain_notified(5);
        lab.settle();
        CHECK(nothing_left());
    }
    SECTION("INTRODUCE again") {
        CHECK(lab.tool.ask(MessageType::introduce, strings_of({"5", "1", "1"})) == "OK|");
        CHECK(nothing_left());
    }
    SECTION("RELEASE") {
        lab.tool.ask_path(MessageType::release, "5");
        CHECK(nothing_left());
    }
    SECTION("death") {
        lab.kill(5);
        CHECK(nothing_left());
    }
    SECTION("quarantine") {
        set_word(*guest.page, xs::ring_page::request_producer, 0x12345678);
        lab.server.domain_notified(5);
        lab.settle();
        CHECK(nothing_left());
    }
}

HOSTILE_TEST("B6", "unsafe defaults: without any flag the quotas are there, and bind") {
    const auto options = parse_options({}, "");
    REQUIRE(options);
    CHECK(options->limits.nodes == 1000);
    CHECK(options->limits.memory == Limits().memory);
    CHECK_FALSE(options->keep_orphans);
    CHECK(options->privileged_domain == 0);
    Hostile lab;
    int made = 0;
    while (made < 2000 &&
           lab.evil.mkdir("d" + std::to_string(made / 50) + "/" + std::to_string(made)) == "OK|")
        ++made;
    CHECK(lab.use_of(5).nodes == 1000);
    CHECK(lab.evil.write("v", std::string(2048, 'x')) == "!ENOSPC");
    int watches = 0;
    while (watches < 500 && lab.evil.watch("/a", std::to_string(watches)) == "OK|")
        ++watches;
    CHECK(watches == 129);
    CHECK(lab.others_are_well());
}
