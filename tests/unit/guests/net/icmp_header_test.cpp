#include "net/icmp_header.hpp"

#include <catch2/catch.hpp>

#include "bytes.hpp"

using namespace stemma::net;
using namespace stemma::net::test;

TEST_CASE("an ICMP header is read as it was written") {
    const IcmpHeader header{icmp_type::echo_request, 0, 0xbeef, 0x00070102};
    Bytes message(8);
    header.write(std::span(message).first<8>());
    CHECK(message == hex("08 00 beef 0007 0102"));
    CHECK(IcmpHeader::read(message) == header);
    CHECK(header.identifier() == 7);
    CHECK(header.sequence() == 0x0102);
    for (std::size_t size = 0; size < 8; ++size)
        CHECK(!IcmpHeader::read(cut(message, size)));
}

TEST_CASE("the types that RFC 1122 calls errors are told from queries") {
    for (const auto type : std::initializer_list<std::uint8_t>{3, 4, 5, 11, 12})
        CHECK(icmp_type::is_error(type));
    for (const auto type : std::initializer_list<std::uint8_t>{0, 8, 13, 14, 15, 16, 17, 18})
        CHECK(!icmp_type::is_error(type));
}
