#include "toolstack/spelling.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <random>

namespace stemma::toolstack {

TEST_CASE("the distance counts insertions, removals, replacements and swaps") {
    const std::tuple<const char*, const char*, std::size_t> cases[] = {{"", "", 0},
                                                                       {"", "abc", 3},
                                                                       {"abc", "abc", 0},
                                                                       {"craete", "create", 1},
                                                                       {"aply", "apply", 1},
                                                                       {"lst", "list", 1},
                                                                       {"kitten", "sitting", 3},
                                                                       {"destory", "destroy", 1},
                                                                       {"ca", "abc", 3}};
    for (const auto& [a, b, expected] : cases) {
        INFO(a << ' ' << b);
        CHECK(edit_distance(a, b) == expected);
    }
}

TEST_CASE("the distance is a metric's: zero for equals, symmetric, at most the longer word") {
    std::mt19937 random(7);
    for (int round = 0; round < 500; ++round) {
        std::string a, b;
        for (auto* word : {&a, &b}) {
            for (unsigned n = random() % 8; n > 0; --n)
                *word += static_cast<char>('a' + random() % 3);
        }
        const auto distance = edit_distance(a, b);
        CHECK(distance == edit_distance(b, a));
        CHECK((distance == 0) == (a == b));
        CHECK(distance <= std::max(a.size(), b.size()));
        CHECK(distance >= std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
    }
}

TEST_CASE("a hint is given only for what is near") {
    const std::array<std::string_view, 4> commands{"apply", "create", "destroy", "list"};
    CHECK(closest("aply", commands) == "apply");
    CHECK(closest("destory", commands) == "destroy");
    CHECK(closest("xyzzy", commands).empty());
    CHECK(closest("a", commands).empty());
    CHECK(closest("", commands).empty());
}

}  // namespace stemma::toolstack
