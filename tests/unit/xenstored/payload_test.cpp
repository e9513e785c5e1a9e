#include "xenstored/payload.hpp"

#include <catch2/catch.hpp>

using namespace stemma::xenstored;
using namespace std::string_view_literals;

TEST_CASE("one string has exactly one NUL, at its end") {
    CHECK(one_string("/a\0"sv) == "/a"sv);
    CHECK(one_string("\0"sv) == ""sv);
    CHECK_FALSE(one_string(""sv));
    CHECK_FALSE(one_string("/a"sv));
    CHECK_FALSE(one_string("/a\0b"sv));
    CHECK_FALSE(one_string("/a\0\0"sv));
}

TEST_CASE("strings are those that end in a NUL, what follows the last is left out") {
    CHECK(strings(""sv).empty());
    CHECK(strings("abc"sv).empty());
    CHECK(strings("a\0b\0"sv) == std::vector{"a"sv, "b"sv});
    CHECK(strings("a\0b\0rest"sv) == std::vector{"a"sv, "b"sv});
    CHECK(strings("\0\0"sv) == std::vector{""sv, ""sv});
}

TEST_CASE("a string and its rest split at the first NUL") {
    const auto split = string_and_rest("/p\0v\0w"sv);
    REQUIRE(split);
    CHECK(split->string == "/p");
    CHECK(split->rest == "v\0w"sv);
    CHECK(string_and_rest("/p\0"sv)->rest.empty());
    CHECK_FALSE(string_and_rest("/p"sv));
}

TEST_CASE("a leading number is read as atoi() reads it") {
    const struct {
        std::string_view text;
        int value;
    } cases[] = {{"5", 5},
                 {" \t5", 5},
                 {"+5", 5},
                 {"-5", -5},
                 {"5abc", 5},
                 {"abc", 0},
                 {"", 0},
                 {"0x10", 0},
                 {"--5", 0},
                 {"007", 7},
                 {"2147483647", 2147483647},
                 {"4294967297", 1},
                 {"4294967295", -1},
                 {"99999999999999999999999", -1},
                 {"-99999999999999999999999", 0}};
    for (const auto& c : cases) {
        CAPTURE(c.text);
        CHECK(leading_number(c.text) == c.value);
    }
}

TEST_CASE("a whole number is read as strtol() with base 0 reads it, to the end") {
    const struct {
        std::string_view text;
        std::optional<long> value;
    } cases[] = {{"5", 5},   {"0x10", 16}, {"0X1f", 31}, {"010", 8}, {" 7", 7},
                 {"-1", -1}, {"0", 0},     {"", {}},     {"x", {}},  {"5x", {}},
                 {"0x", {}}, {"08", {}},   {"5 ", {}},   {"+", {}}};
    for (const auto& c : cases) {
        CAPTURE(c.text);
        CHECK(whole_number(c.text) == c.value);
    }
}
