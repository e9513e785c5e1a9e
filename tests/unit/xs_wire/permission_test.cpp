#include "xs_wire/permission.hpp"

#include <catch2/catch.hpp>

using namespace stemma::xs;

TEST_CASE("a permission is a letter and a domid") {
    for (const auto* text : {"n0", "r5", "w65535", "b1"}) {
        CAPTURE(text);
        REQUIRE(parse_permission(text));
        CHECK(to_string(*parse_permission(text)) == text);
    }
    for (const auto* text : {"", "r", "x5", "r65536", "r-1", "r5 ", "r5x", "5"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_permission(text));
    }
}

TEST_CASE("access grants its own bits only") {
    CHECK(grants(Access::both, Access::write));
    CHECK(grants(Access::read, Access::read));
    CHECK_FALSE(grants(Access::read, Access::write));
    CHECK_FALSE(grants(Access::none, Access::read));
    CHECK(grants(Access::none, Access::none));
}
