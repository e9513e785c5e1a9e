#include "xen/chacha_entropy.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <vector>

using stemma::xen::ChaChaEntropy;

TEST_CASE("the block function gives RFC 8439's test vector (2.3.2)") {
    const ChaChaEntropy::Words state{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
                                     0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c,
                                     0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c,
                                     0x00000001, 0x09000000, 0x4a000000, 0x00000000};
    const ChaChaEntropy::Words expected{0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3,
                                        0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
                                        0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
                                        0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
    CHECK(ChaChaEntropy::block(state) == expected);
}

TEST_CASE("what is given depends on every byte absorbed, and on their order") {
    const auto first = [](std::vector<std::uint8_t> seed) {
        ChaChaEntropy entropy;
        entropy.absorb(seed);
        return entropy.get<std::uint64_t>();
    };
    std::set<std::uint64_t> seen;
    for (std::size_t place = 0; place < 40; ++place) {
        std::vector<std::uint8_t> seed(40);
        seed[place] = 1;
        seen.insert(first(seed));
    }
    seen.insert(first(std::vector<std::uint8_t>(40)));
    CHECK(seen.size() == 41);
    CHECK(first({1, 2, 3}) == first({1, 2, 3}));
}

TEST_CASE("what is given does not repeat, whatever the sizes asked for") {
    ChaChaEntropy entropy;
    entropy.absorb(std::uint64_t{42});
    std::set<std::vector<std::uint8_t>> seen;
    std::size_t asked = 0;
    for (std::size_t size = 8; size < 200; size += 7, ++asked) {
        std::vector<std::uint8_t> bytes(size);
        entropy.fill(bytes);
        CHECK(std::ranges::any_of(bytes, [](std::uint8_t byte) { return byte != 0; }));
        bytes.resize(8);
        seen.insert(bytes);
    }
    CHECK(seen.size() == asked);
}
