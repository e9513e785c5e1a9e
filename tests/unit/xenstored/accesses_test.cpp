#include "xenstored/accesses.hpp"

#include <catch2/catch.hpp>

using namespace stemma::xenstored;

TEST_CASE("changes are told in the order of the first touch") {
    Accesses accesses(10);
    CHECK(accesses.touch("/b"));
    CHECK(accesses.touch("/a"));
    CHECK(accesses.touch("/c"));
    accesses.changed("/a", false);
    accesses.changed("/b", true);
    CHECK(accesses.touch("/b"));
    const auto changes = accesses.changes();
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].path == "/b");
    CHECK(changes[0].exact);
    CHECK(changes[1].path == "/a");
    CHECK_FALSE(changes[1].exact);
}

TEST_CASE("a wide event replaces an exact one, never the other way round") {
    Accesses accesses(10);
    accesses.touch("/a");
    accesses.changed("/a", true);
    accesses.changed("/a", false);
    accesses.changed("/a", true);
    CHECK_FALSE(accesses.changes().front().exact);
}

TEST_CASE("no more nodes than the limit are touched") {
    Accesses accesses(2);
    CHECK(accesses.touch("/a"));
    CHECK(accesses.touch("/b"));
    CHECK_FALSE(accesses.touch("/c"));
    CHECK(accesses.touch("/a"));
    CHECK(accesses.size() == 2);
}
