#include "delta_text.hpp"

#include <catch2/catch.hpp>

#include "applied_delta.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

TEST_CASE("a delta of two texts makes the second from the first") {
    Random random(20);
    const auto text = [&](std::size_t size) {
        std::string bytes;
        for (std::size_t i = 0; i < size; ++i)
            bytes += static_cast<char>(below(random, 3));
        return bytes;
    };
    for (int round = 0; round < 2000; ++round) {
        const std::string before = text(below(random, 20));
        const std::string after = text(below(random, 20));
        CHECK(applied(before, delta_between(before, after)) == after);
    }
    CHECK(applied("", delta_between("", "")).empty());
    CHECK(applied("aaaa", delta_between("aaaa", "aa")) == "aa");
    CHECK(applied("aa", delta_between("aa", "aaaa")) == "aaaa");
}

TEST_CASE("copies of any place and size are said in few bytes") {
    const std::string before(400'000, 'b');
    for (const std::size_t size : {0U, 1U, 0xffU, 0x100U, 0xffffU, 0x10000U, 0x10001U, 0x20000U}) {
        for (const std::size_t offset : {0U, 1U, 0x100U, 0x1ffffU, 0x20000U}) {
            DeltaText delta(before.size(), size + 300);
            delta.copy(offset, size);
            delta.insert(std::string(300, 'n'));
            const std::string text = delta.take();
            CHECK(applied(before, text) == before.substr(offset, size) + std::string(300, 'n'));
            CHECK(text.size() < 340);
        }
    }
}
