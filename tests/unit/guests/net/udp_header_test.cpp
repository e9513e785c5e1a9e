#include "net/udp_header.hpp"

#include <catch2/catch.hpp>

#include "bytes.hpp"

using namespace stemma::net;
using namespace stemma::net::test;

TEST_CASE("a UDP header is read as it was written") {
    const UdpHeader header{53, 40000, 10, 0xbeef};
    Bytes datagram(10);
    header.write(std::span(datagram).first<8>());
    CHECK(datagram == hex("0035 9c40 000a beef 0000"));
    CHECK(UdpHeader::read(datagram) == header);
}

TEST_CASE("a UDP header is refused when it or its payload is cut, or its length below its own") {
    const auto datagram = hex("0035 9c40 000a 0000 6162");
    CHECK(UdpHeader::read(datagram));
    for (std::size_t size = 0; size < 10; ++size)
        CHECK(!UdpHeader::read(cut(datagram, size)));
    auto small = datagram;
    small[5] = 7;
    CHECK(!UdpHeader::read(small));
    small[5] = 8;
    CHECK(UdpHeader::read(small));
}

TEST_CASE("a UDP checksum is good, absent or bad") {
    const Ipv4Address a{0x0a000102};
    const Ipv4Address b{0x0a000035};
    auto datagram = hex("0035 9c40 000b 0000 616263");
    CHECK(udp_checksum_is_good(a, b, datagram));
    store_be16(&datagram[6], udp_checksum_field(transport_checksum(a, b, 17, datagram)));
    CHECK(udp_checksum_is_good(a, b, datagram));
    CHECK(udp_checksum_is_good(b, a, datagram));
    CHECK(!udp_checksum_is_good(a, {b.value + 1}, datagram));
    datagram[10] ^= 1;
    CHECK(!udp_checksum_is_good(a, b, datagram));
}
