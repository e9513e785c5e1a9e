#include "net/tcp_reset.hpp"

#include <catch2/catch.hpp>

#include "frames.hpp"
#include "net/ipv4_stack.hpp"
#include "test_port.hpp"

using namespace stemma::net;
using namespace stemma::net::test;

TEST_CASE("resets are limited in number, so that a scan is not answered at line rate") {
    TestPort port(mac(1));
    TestEntropy entropy;
    TestClock clock;
    Interface interface(0, port, {*parse_interface("10.0.0.1/24"), std::nullopt}, entropy);
    Ipv4Stack stack;
    stack.add(interface);
    for (std::uint16_t to = 1; to <= 1000; ++to) {
        const Peers peers{mac(1), mac(2), {ip("10.0.0.1"), to}, {ip("10.0.0.2"), 4000}};
        TcpHeader header;
        header.source_port = 4000;
        header.destination_port = to;
        header.flags = TcpHeader::syn;
        Bytes segment(TcpHeader::size);
        header.write(std::span(segment).first<20>());
        store_be16(&segment[16], transport_checksum(peers.from.address, peers.to.address,
                                                    ip_protocol::tcp, segment));
        port.inject(ip_frame(peers.ethernet(), peers.header(ip_protocol::tcp), segment));
    }
    stack.receive(clock.now(), 1000);
    CHECK(port.sent.size() == 50);
    CHECK(interface.counters().drop_tcp_port == 1000);
    CHECK(interface.counters().icmp_errors_limited == 950);
}
