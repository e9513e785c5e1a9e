#include "net/udp_handler.hpp"

#include <catch2/catch.hpp>

#include "frames.hpp"
#include "net/ipv4_stack.hpp"
#include "test_port.hpp"

using namespace stemma::net;
using namespace stemma::net::test;

namespace {

// Answers with the payload backwards, in a room larger than needed.
struct Backwards : UdpHandler {
    std::size_t ask = 0;
    std::size_t seen = 0;
    std::size_t max = 0;
    void datagram(UdpDatagram& datagram) override {
        ++seen;
        max = datagram.reply_max();
        const auto room = datagram.reserve_reply(std::max(ask, datagram.payload.size()));
        if (room.empty()) return;
        std::reverse_copy(datagram.payload.begin(), datagram.payload.end(), room.begin());
        datagram.send_reply(datagram.payload.size());
    }
};

struct Server {
    TestPort port{mac(1)};
    TestEntropy entropy;
    TestClock clock;
    Interface interface { 0, port, {*parse_interface("10.0.0.1/24"), std::nullopt}, entropy };
    Ipv4Stack stack;
    Backwards handler;

    Server() {
        stack.add(interface);
        stack.bind_udp(handler, 7, 7);
    }
    void receive(const Bytes& frame) {
        port.inject(frame);
        stack.receive(clock.now(), 16);
    }
};

const Peers peers{mac(1), mac(2), {ip("10.0.0.1"), 7}, {ip("10.0.0.2"), 4000}};

}  // namespace

TEST_CASE("a reply is built in the transmit ring and sent back whence the request came") {
    Server server;
    server.handler.ask = 1200;
    server.receive(udp_frame(peers, text_bytes("hello")));
    const auto sent = server.port.take_sent();
    REQUIRE(sent.size() == 1);
    const auto parsed = Parsed::read(sent[0]);
    REQUIRE(parsed);
    CHECK(parsed->ethernet == EthernetHeader{mac(2), mac(1), ether_type::ipv4});
    CHECK(parsed->ip.source == ip("10.0.0.1"));
    CHECK(parsed->ip.destination == ip("10.0.0.2"));
    CHECK(parsed->udp->source_port == 7);
    CHECK(parsed->udp->destination_port == 4000);
    CHECK(parsed->data == text_bytes("olleh"));
    CHECK(sent[0].size() == 14 + 20 + 8 + 5);
    CHECK(server.handler.max == 1472);
}

TEST_CASE("a host behind a router is answered through the router without a route or ARP") {
    Server server;
    auto far = peers;
    far.from.address = ip("10.0.1.2");
    server.receive(udp_frame(far, text_bytes("hello")));
    const auto sent = server.port.take_sent();
    REQUIRE(sent.size() == 1);
    CHECK(Parsed::read(sent[0])->ethernet.destination == mac(2));
    CHECK(Parsed::read(sent[0])->ip.destination == ip("10.0.1.2"));
}

TEST_CASE("an empty reply is sent, and none when the ring is full") {
    Server server;
    server.receive(udp_frame(peers, {}));
    CHECK(server.port.sent.empty());  // room for nothing is no room
    server.handler.ask = 1;
    server.receive(udp_frame(peers, {}));
    REQUIRE(server.port.sent.size() == 1);
    CHECK(Parsed::read(server.port.take_sent()[0])->data.empty());
    server.port.room = 0;
    server.receive(udp_frame(peers, text_bytes("x")));
    CHECK(server.port.sent.empty());
    CHECK(server.handler.seen == 3);
    CHECK(server.interface.counters().drop_transmit == 1);
}

TEST_CASE("a reply whose checksum sums to zero is sent with all ones") {
    Server server;
    // all two-byte payloads: one of them makes the sum zero
    bool met = false;
    for (unsigned value = 0; value < 65536; ++value) {
        server.receive(udp_frame(
            peers, Bytes{static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}));
        const auto sent = server.port.take_sent();
        if (sent.size() != 1 || load_be16(&sent[0][40]) == 0) FAIL("no checksum");
        met = met || load_be16(&sent[0][40]) == 0xffff;
    }
    CHECK(met);
}
