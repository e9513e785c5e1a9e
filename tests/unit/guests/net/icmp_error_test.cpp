#include "net/icmp_error.hpp"

#include <catch2/catch.hpp>

#include "frames.hpp"
#include "test_port.hpp"

using namespace stemma::net;
using namespace stemma::net::test;

namespace {

const Peers peers{mac(1), mac(2), {ip("10.0.0.1"), 7}, {ip("10.0.0.2"), 4000}};

bool may(const Bytes& frame) {
    const auto packet = std::span(frame).subspan(14);
    return may_send_icmp_error(*EthernetHeader::read(frame), *Ipv4Header::read(packet), packet);
}

}  // namespace

TEST_CASE("an ICMP error carries the packet it is about, cut at 576 bytes in all") {
    for (const std::size_t size : std::initializer_list<std::size_t>{0, 5, 519, 520, 521, 1472}) {
        const auto frame = udp_frame(peers, Bytes(size, 0xab));
        const auto packet = std::span(frame).subspan(14);
        const auto header = *Ipv4Header::read(packet);
        Bytes error(14 + icmp_error_size(header));
        EthernetHeader{mac(2), mac(1), ether_type::ipv4}.write(std::span(error).first<14>());
        write_icmp_error(std::span(error).subspan(14),
                         {icmp_type::unreachable, icmp_code::fragmentation_needed, 1400},
                         ip("10.0.0.9"), header, packet);
        const auto parsed = Parsed::read(error);
        REQUIRE(parsed);
        CHECK(parsed->ip.source == ip("10.0.0.9"));
        CHECK(parsed->ip.destination == ip("10.0.0.2"));
        CHECK(parsed->ip.total_length <= 576);
        CHECK(parsed->icmp->type == 3);
        CHECK(parsed->icmp->code == 4);
        CHECK(parsed->icmp->rest == 1400);
        CHECK(parsed->data.size() == std::min<std::size_t>(548, packet.size()));
        CHECK(std::equal(parsed->data.begin(), parsed->data.end(), packet.begin()));
    }
}

TEST_CASE("no error is sent where RFC 1122 forbids it") {
    CHECK(may(udp_frame(peers, {})));
    auto group = peers;
    group.to_mac = MacAddress::broadcast();
    CHECK(!may(udp_frame(group, {})));
    for (const char* to : {"224.0.0.1", "255.255.255.255"}) {
        auto p = peers;
        p.to.address = ip(to);
        CHECK(!may(udp_frame(p, {})));
    }
    for (const char* from : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"}) {
        auto p = peers;
        p.from.address = ip(from);
        CHECK(!may(udp_frame(p, {})));
    }
    CHECK(may(icmp_frame(peers, {icmp_type::echo_request, 0, 0, 0}, {})));
    CHECK(!may(icmp_frame(peers, {icmp_type::unreachable, 1, 0, 0}, {})));
    CHECK(!may(icmp_frame(peers, {icmp_type::time_exceeded, 0, 0, 0}, {})));
    CHECK(!may(ip_frame(peers.ethernet(), peers.header(ip_protocol::icmp), {})));
    auto later = peers.header(ip_protocol::udp);
    later.fragment_offset = 8;
    CHECK(!may(ip_frame(peers.ethernet(), later, Bytes(8))));
    auto first = peers.header(ip_protocol::udp);
    first.more_fragments = true;
    CHECK(may(ip_frame(peers.ethernet(), first, Bytes(8))));
}

TEST_CASE("ICMP errors are limited in number") {
    TestPort port(mac(1));
    TestEntropy entropy;
    TestClock clock;
    Interface interface(0, port, {*parse_interface("10.0.0.1/24"), std::nullopt}, entropy);
    const auto frame = udp_frame(peers, text_bytes("x"));
    const auto ethernet = *EthernetHeader::read(frame);
    const auto header = *Ipv4Header::read(std::span(frame).subspan(14));
    for (int i = 0; i < 1000; ++i)
        send_icmp_error(interface, {}, frame, ethernet, header, clock.now());
    CHECK(port.sent.size() == 50);
    CHECK(interface.counters().icmp_errors_sent == 50);
    CHECK(interface.counters().icmp_errors_limited == 950);
    CHECK(Parsed::read(port.sent[0])->ethernet.destination == mac(2));
}
