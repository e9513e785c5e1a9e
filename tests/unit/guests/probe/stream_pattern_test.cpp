#include "probe/stream_pattern.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "../net/bytes.hpp"

using namespace stemma::probe;
using stemma::net::test::Bytes;

TEST_CASE("the pattern is the numbers from 0 on in eight bytes each") {
    Bytes bytes(8 * 3);
    write_pattern(8 * 0x0102, bytes);
    CHECK(bytes == stemma::net::test::hex("0000000000000102 0000000000000103 0000000000000104"));
    CHECK(match_pattern(8 * 0x0102, bytes) == bytes.size());
    CHECK(match_pattern(8 * 0x0103, bytes) == 7);
    bytes[10] = 1;
    CHECK(match_pattern(8 * 0x0102, bytes) == 10);
}

TEST_CASE("a piece that is lost or doubled is seen within eight bytes") {
    Bytes bytes(64);
    for (std::uint64_t offset = 1000; offset < 1032; ++offset) {
        for (std::uint64_t shift = 1; shift < 100; ++shift) {
            write_pattern(offset + shift, bytes);
            // a shift within one number may only show at its last byte
            CHECK(match_pattern(offset, bytes) < 16);
        }
    }
}
