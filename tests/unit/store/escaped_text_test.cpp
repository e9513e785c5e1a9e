#include "escaped_text.hpp"

#include <catch2/catch.hpp>

using namespace stemma::store;

TEST_CASE("lines for commit messages are printable, distinct and bounded") {
    CHECK(escape_line("state 3 -> 4") == "state 3 -> 4");
    CHECK(escape_line("a\nb\\x\x1b[31m\xe2\x86\x92") == "a\\x0ab\\\\x\\x1b[31m\\xe2\\x86\\x92");
    const std::string cut = escape_line(std::string(500, 'a'));
    CHECK(cut.size() == 403);
    CHECK(cut.ends_with("a..."));
    CHECK(escape_line(std::string(400, 'a')).size() == 400);
    CHECK(escape_line("") == "");
}

TEST_CASE("names of any bytes survive their escape and are one word") {
    std::string bytes;
    for (int c = 0; c < 256; ++c)
        bytes += static_cast<char>(c);
    const std::string text = escape_name(bytes);
    CHECK(text.find_first_of(" \n") == std::string::npos);
    CHECK(unescape_name(text) == bytes);
    CHECK(escape_name("vif-0_@a.b") == "vif-0_@a.b");
    for (const char* bad : {"%", "%1", "%zz", "a b", "a%2"})
        CHECK_FALSE(unescape_name(bad));
}
