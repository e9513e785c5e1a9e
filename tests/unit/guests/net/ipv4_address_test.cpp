#include "net/ipv4_address.hpp"

#include <catch2/catch.hpp>

using namespace stemma::net;

TEST_CASE("a prefix gives its mask, its members and its broadcast address") {
    const Ipv4Interface lan{{0x0a000102}, 24};
    CHECK(lan.mask() == 0xffffff00);
    CHECK(lan.broadcast() == Ipv4Address{0x0a0001ff});
    CHECK(lan.contains({0x0a000101}));
    CHECK(!lan.contains({0x0a000201}));
    const Ipv4Interface all{{0x0a000102}, 0};
    CHECK(all.mask() == 0);
    CHECK(all.contains({0xc0a80101}));
    const Ipv4Interface host{{0x0a000102}, 32};
    CHECK(host.contains({0x0a000102}));
    CHECK(!host.contains({0x0a000103}));
}

TEST_CASE("special IPv4 addresses are told apart") {
    CHECK(Ipv4Address{0}.is_unspecified());
    CHECK(Ipv4Address{0x7f000001}.is_loopback());
    CHECK(Ipv4Address{0xe0000001}.is_multicast());
    CHECK(!Ipv4Address{0xdfffffff}.is_multicast());
    CHECK(Ipv4Address{0xffffffff}.is_reserved());
    CHECK(!Ipv4Address{0x0a000001}.is_loopback());
}
