#include "probe/flow_task.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "probe/echo_service.hpp"
#include "probe_rig.hpp"

using namespace stemma::probe;
using namespace stemma::probe::test;
using stemma::rt::Duration;

namespace {

struct CountingEcho : stemma::net::UdpHandler {
    std::set<std::uint16_t> ports;
    std::size_t datagrams = 0;
    std::size_t lose_each = 0;
    Bytes last;
    void datagram(stemma::net::UdpDatagram& d) override {
        ports.insert(d.source.port);
        last.assign(d.payload.begin(), d.payload.end());
        if (++datagrams, lose_each != 0 && datagrams % lose_each == 0) return;
        const auto room = d.reserve_reply(d.payload.size());
        std::copy(d.payload.begin(), d.payload.end(), room.begin());
        d.send_reply(d.payload.size());
    }
};

struct FlowRig : Rig {
    FlowTask task{here.stack, console, report};
    CountingEcho echo;
    FlowRig() {
        there.stack.bind_udp(echo, 7, 7);
        REQUIRE(task.bind());
    }
};

}  // namespace

TEST_CASE("each flow has a port of its own, and a second pass uses the same ones") {
    FlowRig rig;
    rig.task.start({{ip("10.0.0.2"), 7}, 200, 2, {}}, rig.clock.now());
    rig.run(rig.task, Duration::seconds(1));
    CHECK(rig.echo.ports.size() == 200);
    CHECK(rig.echo.datagrams == 400);
    CHECK(rig.console.has("flows: pass 1: 200 of 200 answered, min "));
    CHECK(rig.console.has("flows: pass 2: 200 of 200 answered, min "));
    CHECK(rig.node("flows/state") == "done");
    CHECK(rig.node("flows/answered") == "200");
    CHECK(rig.node("flows/pass") == "2");
}

TEST_CASE("a flow without an answer is given up after a second and not counted") {
    FlowRig rig;
    rig.echo.lose_each = 5;
    rig.task.start({{ip("10.0.0.2"), 7}, 10, 1, {}}, rig.clock.now());
    rig.run(rig.task, Duration::milliseconds(2200));
    CHECK(rig.console.has("flows: pass 1: 8 of 10 answered"));
}

TEST_CASE("flows may wait longer for an answer") {
    FlowRig rig;
    rig.echo.lose_each = 5;
    rig.task.start({{ip("10.0.0.2"), 7}, 10, 1, {}, Duration::seconds(3)}, rig.clock.now());
    rig.run(rig.task, Duration::milliseconds(5900));
    CHECK(rig.node("flows/state") == "running");
    rig.run(rig.task, Duration::seconds(2));
    CHECK(rig.node("flows/state") == "done");
    CHECK(rig.node("flows/answered") == "8");
}

TEST_CASE("flows may carry DNS queries") {
    FlowRig rig;
    rig.task.start({{ip("10.0.0.2"), 7}, 1, 1, "www.example"}, rig.clock.now());
    rig.run(rig.task, Duration::milliseconds(50));
    CHECK(rig.echo.last.size() == 12 + 13 + 4);
    CHECK(rig.console.has("1 of 1"));
}
