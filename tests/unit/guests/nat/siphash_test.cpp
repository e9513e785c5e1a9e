#include "nat/siphash.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <random>

namespace stemma::nat {

using Paper = SipHash<2, 4>;

TEST_CASE("SipHash-2-4 gives the values of its paper") {
    // Key 00 01 .. 0f, message 00 01 .. n - 1: appendix A and the authors' vectors.
    constexpr SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
    std::array<std::uint8_t, 16> message{};
    for (std::size_t i = 0; i < message.size(); ++i)
        message[i] = static_cast<std::uint8_t>(i);
    struct Vector {
        std::size_t length;
        std::uint64_t hash;
    };
    constexpr Vector vectors[] = {
        {0, 0x726fdb47dd0e0e31},  {1, 0x74f839c593dc67fd}, {2, 0x0d6c8009d9a94f5a},
        {3, 0x85676696d7fb7e2d},  {7, 0xab0200f58b01d137}, {8, 0x93f5f5799a932462},
        {15, 0xa129ca6149be45e5},
    };
    for (const auto& vector : vectors) {
        CAPTURE(vector.length);
        CHECK(Paper::of(key, std::span(message).first(vector.length)) == vector.hash);
    }
}

TEST_CASE("Hashing two words is hashing their 16 bytes") {
    std::mt19937_64 random(7);
    for (int i = 0; i < 1000; ++i) {
        const SipKey key{random(), random()};
        const std::uint64_t words[2] = {random(), random()};
        std::array<std::uint8_t, 16> bytes{};
        for (std::size_t at = 0; at < 16; ++at)
            bytes[at] = static_cast<std::uint8_t>(words[at / 8] >> (at % 8 * 8));
        REQUIRE(Paper::of(key, words[0], words[1]) == Paper::of(key, bytes));
        REQUIRE(TableHash::of(key, words[0], words[1]) == TableHash::of(key, bytes));
    }
}

TEST_CASE("Another key gives another hash") {
    CHECK(TableHash::of({1, 2}, 3, 4) != TableHash::of({1, 3}, 3, 4));
    CHECK(TableHash::of({1, 2}, 3, 4) != TableHash::of({2, 2}, 3, 4));
}

}  // namespace stemma::nat
