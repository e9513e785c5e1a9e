#include "net/byte_order.hpp"

#include <array>
#include <catch2/catch.hpp>

using namespace stemma::net;

TEST_CASE("numbers travel with the most significant byte first") {
    std::array<std::uint8_t, 6> bytes{};
    store_be16(&bytes[0], 0x0102);
    store_be32(&bytes[2], 0xf3f4f5f6);
    CHECK(bytes == std::array<std::uint8_t, 6>{1, 2, 0xf3, 0xf4, 0xf5, 0xf6});
    CHECK(load_be16(&bytes[0]) == 0x0102);
    CHECK(load_be32(&bytes[2]) == 0xf3f4f5f6);
}
