#include "probe/resolve_task.hpp"

#include <catch2/catch.hpp>

#include "probe_rig.hpp"

using namespace stemma::probe;
using namespace stemma::probe::test;
using stemma::rt::Duration;

namespace {

// Knows www.example and nothing else.
struct SmallServer : stemma::net::UdpHandler {
    bool silent = false;
    int skip = 0;  // questions not answered
    int asked = 0;
    std::uint8_t address = 1;
    void datagram(stemma::net::UdpDatagram& datagram) override {
        ++asked;
        if (silent || skip-- > 0) return;
        Bytes reply(datagram.payload.begin(), datagram.payload.end());
        const bool known = reply.size() > 16 && reply[12] == 3 && reply[13] == 'w';
        reply[2] = 0x84;
        reply[3] = known ? 0 : 3;
        if (known) {
            reply[7] = 1;
            auto record = stemma::net::test::hex("c00c 0001 0001 0000003c 0004 c0000200");
            record.back() = address;
            reply.insert(reply.end(), record.begin(), record.end());
        }
        const auto room = datagram.reserve_reply(reply.size());
        std::copy(reply.begin(), reply.end(), room.begin());
        datagram.send_reply(reply.size());
    }
};

struct ResolveRig : Rig {
    SmallServer server;
    ResolveTask task{here.stack, console, report, here.entropy};

    ResolveRig() {
        there.stack.bind_udp(server, 53, 53);
        REQUIRE(task.bind());
    }
    void start(std::vector<std::string> names, std::optional<Duration> repeat = {}) {
        task.start({ip("10.0.0.2"), std::move(names), repeat}, clock.now());
    }
};

}  // namespace

TEST_CASE("names are resolved and told with their time, then summed up") {
    ResolveRig rig;
    rig.start({"www.example", "nosuch.example"});
    rig.run(rig.task, Duration::milliseconds(20));
    const auto lines = rig.console.take();
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].starts_with("resolve www.example: 192.0.2.1, "));
    CHECK(lines[1].starts_with("resolve nosuch.example: NXDOMAIN, "));
    CHECK(lines[2].starts_with("resolve: round 1: 1 of 2 names found, min "));
    CHECK(rig.node("resolve/ok") == "1");
    CHECK(rig.node("resolve/failed") == "1");
    CHECK(rig.node("resolve/round") == "failed");
    CHECK(rig.node("resolve/last-round") == "1 of 2");
    rig.run(rig.task, Duration::seconds(5));
    CHECK(rig.server.asked == 2);
}

TEST_CASE("a question without an answer is asked again, three times in all") {
    ResolveRig rig;
    rig.server.silent = true;
    rig.start({"www.example"});
    rig.run(rig.task, Duration::milliseconds(2500));
    CHECK(rig.console.lines.empty());
    rig.run(rig.task, Duration::milliseconds(700));
    CHECK(rig.console.has("resolve www.example: no answer, 3000"));
    CHECK(rig.server.asked == 3);
    CHECK(rig.node("resolve/failed") == "1");
}

TEST_CASE("a lost answer costs a timeout, not the name") {
    ResolveRig rig;
    rig.server.skip = 1;
    rig.start({"www.example"});
    rig.run(rig.task, Duration::seconds(2));
    CHECK(rig.console.has("resolve www.example: 192.0.2.1, 100"));
    CHECK(rig.node("resolve/round") == "ok");
}

TEST_CASE("rounds repeat, and a name is told again only when its outcome changed") {
    ResolveRig rig;
    rig.start({"www.example"}, Duration::seconds(1));
    rig.run(rig.task, Duration::milliseconds(3500));
    CHECK(rig.node("resolve/rounds") == "4");
    CHECK(rig.node("resolve/ok") == "4");
    auto lines = rig.console.take();
    REQUIRE(lines.size() == 5);
    rig.server.address = 9;
    rig.run(rig.task, Duration::seconds(1));
    CHECK(rig.console.has("resolve www.example: 192.0.2.9"));
    CHECK(rig.node("resolve/round") == "ok");
    // it breaks, and works again
    rig.server.silent = true;
    rig.run(rig.task, Duration::seconds(5));
    CHECK(rig.node("resolve/round") == "failed");
    rig.server.silent = false;
    rig.run(rig.task, Duration::seconds(5));
    CHECK(rig.node("resolve/round") == "ok");
    CHECK(rig.task.failed() >= 1);
}

TEST_CASE("an answer from elsewhere or to another question is not taken") {
    ResolveRig rig;
    rig.server.silent = true;
    rig.start({"www.example"});
    rig.step(rig.task);
    rig.step(rig.task);
    rig.step(rig.task);
    // a response with a wrong id to every port
    for (std::uint32_t p = 20'000; p < 30'000; ++p) {
        rig.there.stack.send_udp(53, {ip("10.0.0.1"), static_cast<std::uint16_t>(p)},
                                 stemma::net::test::hex("0000 8483 0000 0000 0000 0000"),
                                 rig.clock.now());
        rig.there.run(rig.clock.now());
        rig.wire.deliver();
        rig.here.port.take_sent();
        rig.here.stack.receive(rig.clock.now(), 64);
        rig.here.port.take_sent();
    }
    CHECK(rig.task.ok() + rig.task.failed() == 0);
}
