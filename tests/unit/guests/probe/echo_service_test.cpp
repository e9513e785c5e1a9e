#include "probe/echo_service.hpp"

#include <catch2/catch.hpp>

#include "probe_rig.hpp"

using namespace stemma::probe;
using namespace stemma::probe::test;
using stemma::rt::Duration;

TEST_CASE("an echo service answers datagrams, empty ones too") {
    Rig rig;
    EchoService echo;
    REQUIRE(echo.start(rig.there.stack, rig.there.tcp, 7));
    struct : stemma::net::UdpHandler {
        std::vector<Bytes> got;
        void datagram(stemma::net::UdpDatagram& d) override {
            got.emplace_back(d.payload.begin(), d.payload.end());
        }
    } client;
    rig.here.stack.bind_udp(client, 9, 9);
    struct {
        void run(stemma::rt::Instant) {}
    } nothing;
    rig.here.stack.send_udp(9, {ip("10.0.0.2"), 7}, text_bytes("hello"), rig.clock.now());
    rig.run(nothing, Duration::milliseconds(10));
    CHECK(client.got == std::vector<Bytes>{text_bytes("hello")});
    rig.here.stack.send_udp(9, {ip("10.0.0.2"), 7}, {}, rig.clock.now());
    rig.run(nothing, Duration::milliseconds(10));
    CHECK(rig.there.interface.counters().drop_udp == 0);
}

TEST_CASE("an echo service ends its side when the peer has ended its own") {
    Rig rig;
    EchoService echo;
    REQUIRE(echo.start(rig.there.stack, rig.there.tcp, 7));
    rig.serve = [&] { echo.run(rig.clock.now()); };
    struct {
        void run(stemma::rt::Instant) {}
    } nothing;
    auto* call = rig.here.tcp.connect({ip("10.0.0.2"), 7}, rig.clock.now());
    call->write(text_bytes("hello"), rig.clock.now());
    rig.run(nothing, Duration::milliseconds(20));
    CHECK(echo.connections() == 1);
    CHECK(std::string(call->readable().begin(), call->readable().end()) == "hello");
    call->close(rig.clock.now());
    rig.run(nothing, Duration::milliseconds(20));
    CHECK(echo.connections() == 0);
    CHECK(call->state() == stemma::net::TcpConnection::State::time_wait);
}
