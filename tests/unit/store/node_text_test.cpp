#include "node_text.hpp"

#include <catch2/catch.hpp>

#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

TEST_CASE("a .node file says in plain lines what a directory cannot") {
    NodeText text;
    text.permissions = {{Access::none, 0, 0}, {Access::read, 5, 0}};
    text.order = {"state", "mac", "odd name\n"};
    CHECK(format_node_text(text) ==
          "permissions n0 r5\nchild state\nchild mac\n"
          "child odd%20name%0a\n");
    text = NodeText();
    text.name = std::string(3, 'x');
    text.permissions.emplace();
    CHECK(format_node_text(text) == "name xxx\npermissions\n");
    CHECK(parse_node_text("name xxx\npermissions\n") == text);
    CHECK(parse_node_text("") == NodeText());
}

TEST_CASE("whatever a node says is read back as it was") {
    Random random(7);
    for (int round = 0; round < 300; ++round) {
        NodeText text;
        if (below(random, 2) == 0) text.name = "n" + random_value(random);
        if (below(random, 2) == 0) {
            const auto permissions = random_permissions(random);
            text.permissions.emplace(permissions.entries().begin(), permissions.entries().end());
        }
        for (std::size_t i = below(random, 4); i > 0; --i) {
            text.order.push_back("c" + random_value(random));
        }
        REQUIRE(parse_node_text(format_node_text(text)) == text);
    }
}

TEST_CASE("a .node file with anything else in it is refused, with the line") {
    for (const char* bytes :
         {"permissions n0", "permissions n0\npermissions n0\n", "permissions x0\n",
          "permissions n\n", "permissions n65536\n", "permissions n0  r1\n", "permissions n0x\n",
          "name a\nname b\n", "name\n", "child\n", "child a b\n", "child %g0\n", "child %0\n",
          "owner 5\n", "\n", " child a\n", "child a\r\n", "permissions n-1\n"}) {
        CAPTURE(bytes);
        CHECK_FALSE(parse_node_text(bytes));
    }
    CHECK(parse_node_text("child a\nodd\x01\n").error() ==
          "line 2 is not one of .node: \"odd\\x01\"");
}
