#include "self_test/datagram.hpp"

#include <catch2/catch.hpp>

using stemma::self_test::Datagram;

namespace {

Datagram some(std::size_t size) {
    Datagram datagram{{{0x0a000001}, 4000}, {{0x0a000035}, 53}, {}, 17};
    for (std::size_t i = 0; i < size; ++i)
        datagram.payload.push_back(static_cast<std::uint8_t>(i * 7));
    return datagram;
}

}  // namespace

TEST_CASE("a datagram is read as it was written, behind the room before it") {
    for (const std::size_t size : {0uz, 1uz, 2uz, 511uz, 1400uz}) {
        const auto bytes = some(size).packet(14);
        REQUIRE(bytes.size() == 14 + 28 + size);
        CHECK(Datagram::read(std::span(bytes).subspan(14)) == some(size));
    }
}

TEST_CASE("whichever byte is damaged, it is not read, or not as the same") {
    const auto bytes = some(9).packet(0);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto damaged = bytes;
        damaged[i] ^= 0x10;
        CHECK_FALSE(Datagram::read(damaged));
    }
}

TEST_CASE("a datagram without a checksum is not read") {
    auto bytes = some(9).packet(0);
    bytes[26] = bytes[27] = 0;
    CHECK_FALSE(Datagram::read(bytes));
}
