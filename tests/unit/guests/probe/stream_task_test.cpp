#include "probe/stream_task.hpp"

#include <catch2/catch.hpp>

#include "probe/echo_service.hpp"
#include "probe_rig.hpp"

using namespace stemma::probe;
using namespace stemma::probe::test;
using stemma::rt::Duration;
using State = StreamTask::State;

namespace {

struct StreamRig : Rig {
    StreamTask task{here.tcp, console, report};
    EchoService echo;

    void serve_echo() {
        REQUIRE(echo.start(there.stack, there.tcp, 7));
        serve = [this] { echo.run(clock.now()); };
    }
    void start(std::uint64_t rate = 100'000) {
        task.start({{ip("10.0.0.2"), 7}, rate}, clock.now());
    }
};

}  // namespace

TEST_CASE("a stream is sent at its rate and comes back byte for byte") {
    StreamRig rig;
    rig.serve_echo();
    rig.start();
    rig.run(rig.task, Duration::seconds(10));
    CHECK(rig.task.state() == State::established);
    CHECK(rig.task.sent() > 990'000);
    CHECK(rig.task.sent() <= 1'000'000);
    CHECK(rig.task.received() > rig.task.sent() - 5000);
    CHECK(rig.console.has("stream: established, "));
    CHECK(rig.console.lines.size() >= 10);
    CHECK(rig.node("stream/state") == "established");
    CHECK(rig.node("stream/checksum").size() == 8);
    CHECK(!rig.console.has("BROKEN"));
}

TEST_CASE("a stream outlives a cut wire and tells the stall") {
    StreamRig rig;
    rig.serve_echo();
    rig.start();
    rig.run(rig.task, Duration::seconds(2));
    rig.wire.cut = true;
    rig.run(rig.task, Duration::seconds(3));
    const auto stuck = rig.task.received();
    rig.wire.cut = false;
    rig.run(rig.task, Duration::seconds(6));
    CHECK(rig.task.state() == State::established);
    CHECK(rig.task.received() > stuck + 300'000);
    CHECK(rig.task.received() > rig.task.sent() - 5000);
    const auto longest = std::stoi(rig.node("stream/longest-stall"));
    CHECK(longest >= 2900);
    CHECK(longest <= 6500);
    CHECK(std::stoi(rig.node("stream/stall")) < 100);
}

TEST_CASE("a server that is not there yet is called again each second") {
    StreamRig rig;
    rig.start();
    rig.run(rig.task, Duration::milliseconds(1500));
    CHECK(rig.task.state() == State::connecting);
    CHECK(rig.console.has("stream: connecting: refused, trying again"));
    rig.serve_echo();
    rig.run(rig.task, Duration::seconds(2));
    CHECK(rig.task.state() == State::established);
    CHECK(rig.node("stream/reason").empty());
}

TEST_CASE("a reset, an end and a wrong byte are each told as broken, once") {
    for (const int kind : {0, 1, 2}) {
        StreamRig rig;
        rig.there.tcp.listen(7);
        stemma::net::TcpConnection* peer = nullptr;
        rig.serve = [&] {
            if (!peer) peer = rig.there.tcp.accept();
        };
        rig.start();
        rig.run(rig.task, Duration::milliseconds(200));
        REQUIRE(peer);
        REQUIRE(rig.task.state() == State::established);
        const auto now = rig.clock.now();
        if (kind == 0) peer->abort(now);
        if (kind == 1) peer->close(now);
        if (kind == 2)
            peer->write(stemma::net::test::hex("0000000000000000 0000000000000002"), now);
        rig.run(rig.task, Duration::seconds(2));
        CHECK(rig.task.state() == State::broken);
        const char* reasons[] = {"reset by the peer", "closed by the peer", "wrong byte at 15"};
        CHECK(rig.task.reason() == reasons[kind]);
        CHECK(rig.console.has(std::string("stream: BROKEN ") + reasons[kind]));
        CHECK(rig.node("stream/state") == "broken");
        CHECK(rig.node("stream/reason") == reasons[kind]);
        std::size_t told = 0;
        for (const auto& line : rig.console.lines)
            told += line.find("BROKEN") != std::string::npos;
        CHECK(told == 1);
    }
}

TEST_CASE("a peer that reads nothing holds the stream back without breaking it") {
    StreamRig rig;
    rig.there.tcp.listen(7);
    rig.start(1'000'000);
    rig.run(rig.task, Duration::seconds(3));
    CHECK(rig.task.state() == State::established);
    CHECK(rig.task.sent() < 200'000);
    CHECK(rig.task.received() == 0);
}
