#include "dns/label_hash.hpp"

#include <catch2/catch.hpp>

using namespace stemma::dns;

// Computed by CPython 3.11, whose keyed hash is SipHash-1-3:
// _imp.source_hash(k0, struct.pack('<II', len(label), parent) + label), with k1 = 0.
TEST_CASE("the hash is SipHash-1-3") {
    struct Case {
        std::uint64_t key;
        std::uint32_t parent;
        std::string label;
        std::uint64_t hash;
    };
    for (const auto& [key, parent, label, hash] : {
             Case{1, 0, "org", 0x0c904a13d59c1459},
             {1, 0, "", 0x9c44b7c8df2ca74b},
             {506097522914230528, 7, "example", 0xc3f67b43060cab2d},
             {42, 7, "12345678", 0x422f100dd1e8d3e5},
             {42, 0xdeadbeef, std::string(63, 'a'), 0x2f3fe27efc1bf3c8},
         }) {
        CAPTURE(label);
        const std::vector<std::uint8_t> bytes(label.begin(), label.end());
        CHECK(LabelHash(key, 0)(parent, bytes) == hash);
    }
}
