#include "net/arp_packet.hpp"

#include <catch2/catch.hpp>

#include "bytes.hpp"

using namespace stemma::net;
using namespace stemma::net::test;

namespace {
const auto wire =
    hex("0001 0800 06 04 0002"
        "02163e000001 0a000001"
        "02163e000002 0a000002");
}

TEST_CASE("an ARP packet has RFC 826's layout") {
    const ArpPacket packet{ArpPacket::reply,
                           {{2, 0x16, 0x3e, 0, 0, 1}},
                           {0x0a000001},
                           {{2, 0x16, 0x3e, 0, 0, 2}},
                           {0x0a000002}};
    Bytes bytes(28);
    packet.write(std::span(bytes).first<28>());
    CHECK(bytes == wire);
    CHECK(ArpPacket::read(wire) == packet);
    auto padded = wire;
    padded.resize(46);
    CHECK(ArpPacket::read(padded) == packet);
}

TEST_CASE("an ARP packet that is short or not for IPv4 on Ethernet is refused") {
    for (std::size_t size = 0; size < 28; ++size)
        CHECK(!ArpPacket::read(cut(wire, size)));
    for (std::size_t at = 0; at < 6; ++at) {
        auto changed = wire;
        changed[at] ^= 0x10;
        CHECK(!ArpPacket::read(changed));
    }
}
