#include "toolstack/json.hpp"

#include <catch2/catch.hpp>

namespace stemma::toolstack {

TEST_CASE("a document keeps the order of its members") {
    Json json = Json::object().set("b", 1).set("a", true).set("c", Json());
    CHECK(json.text() == "{\n  \"b\": 1,\n  \"a\": true,\n  \"c\": null\n}");
    CHECK(Json::array().text() == "[]");
    Json list = Json::array();
    list.push("x");
    list.push(-5);
    CHECK(list.text() == "[\n  \"x\",\n  -5\n]");
}

TEST_CASE("strings are escaped so that any bytes make a valid document") {
    const std::pair<std::string, std::string> cases[] = {
        {"plain", R"("plain")"},
        {"a\"b\\c", R"("a\"b\\c")"},
        {"line\nnext", R"("line\nnext")"},
        {std::string("\x01\x1f\x7f", 3), R"("\u0001\u001f\u007f")"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\xff", R"("\ufffd")"},
        {"\xc3", R"("\ufffd")"},                      // cut off
        {"\xc0\x80", R"("\ufffd\ufffd")"},            // overlong
        {"\xed\xa0\x80", R"("\ufffd\ufffd\ufffd")"},  // surrogate
    };
    for (const auto& [text, expected] : cases) {
        INFO(expected);
        CHECK(Json(text).text() == expected);
    }
}

}  // namespace stemma::toolstack
