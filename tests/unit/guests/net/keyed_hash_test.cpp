#include "net/keyed_hash.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "test_port.hpp"

using stemma::net::KeyedHash;
using stemma::net::test::TestEntropy;

TEST_CASE("a /16 spreads over a table under any key") {
    for (unsigned seed = 0; seed < 20; ++seed) {
        TestEntropy entropy(seed);
        const KeyedHash hash(entropy);
        std::array<unsigned, 1024> chains{};
        for (std::uint32_t i = 0; i < 65536; ++i)
            ++chains[hash(0x0a000000 + i) % chains.size()];
        CHECK(*std::max_element(chains.begin(), chains.end()) < 8 * 64);
    }
}

TEST_CASE("two keys hash differently") {
    TestEntropy entropy;
    const KeyedHash a(entropy);
    const KeyedHash b(entropy);
    unsigned same = 0;
    for (std::uint32_t i = 0; i < 1000; ++i)
        same += a(i) == b(i);
    CHECK(same < 10);
}
