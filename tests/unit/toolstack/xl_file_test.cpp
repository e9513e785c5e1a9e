#include "toolstack/xl_file.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace stemma::toolstack {

namespace {

XlSetting setting(const std::string& text, std::string_view name) {
    const auto settings = parse_xl_file(text, "f");
    REQUIRE(settings);
    const auto found = std::ranges::find(*settings, name, &XlSetting::name);
    REQUIRE(found != settings->end());
    return *found;
}

using Items = std::vector<std::string>;

}  // namespace

TEST_CASE("values are those that libxlutil reads") {
    const std::string text = R"(# memory = 1
name = "a\"b\\c" # 'not = this'
count = 0x20; short = 7
text = '12 MB'
list = [ "a=1,b", 'c', # "d"
  3, ]
none = []
)";
    CHECK(setting(text, "name").text == "a\"b\\c");
    CHECK_FALSE(setting(text, "name").number);
    CHECK(setting(text, "count").number == 32);
    CHECK(setting(text, "short").number == 7);
    CHECK_FALSE(setting(text, "text").number);
    CHECK(setting(text, "list").items == Items{"a=1,b", "c", "3"});
    CHECK(setting(text, "none").items == Items{});
    CHECK_FALSE(setting(text, "name").items);
}

TEST_CASE("each name has the line of its last assignment, in the order of the lines") {
    const auto settings = parse_xl_file("b = 1\na = [\n'x = 9',\n\"#\"]\n# c = 1\nb = 2; d=3", "f");
    REQUIRE(settings);
    std::vector<std::pair<std::string, unsigned>> lines;
    for (const auto& each : *settings)
        lines.emplace_back(each.name, each.line);
    CHECK(lines == std::vector<std::pair<std::string, unsigned>>{{"a", 2}, {"b", 6}, {"d", 6}});
    CHECK((*settings)[1].number == 2);
    CHECK(parse_xl_file("", "f")->empty());
}

TEST_CASE("what += adds is joined, and is no number") {
    CHECK(setting("extra = 'a'\nextra += ' b'\n", "extra").text == "a b");
    CHECK(setting("vif = ['a']\nvif += ['b']\n", "vif").items == Items{"a", "b"});
    CHECK(setting("vif = ['a']\nvif += ['b']\n", "vif").line == 2);
    CHECK_FALSE(setting("memory += 3\n", "memory").number);
}

TEST_CASE("what is not xl's syntax is told with its line") {
    const std::pair<const char*, const char*> cases[] = {
        {"name = 'a'\nmemory = 3 4\n", "f:2: config parsing error"},
        {"name = 'a\n", "f:1: config parsing error"},
        {"name 'x'\n", "f:1: config parsing error"},
        {"import os\n", "f:1: config parsing error"},
        {"a = ['x'\nb = 1\n", "f:2: config parsing error"},
        {"a = [['x']]\n", "f:1: a: a list within a list is not expected"},
        {"a = ['x']\na += 'y'\n", "f:2: config parsing error"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        const auto settings = parse_xl_file(text, "f");
        REQUIRE_FALSE(settings);
        const std::string told = to_string(settings.error().front());
        CHECK(told.substr(0, std::string_view(expected).size()) == expected);
    }
    CHECK_FALSE(parse_xl_file(std::string(xl_file_bytes_max + 1, '\n'), "f"));
}

}  // namespace stemma::toolstack
