#include "rt/arguments.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace stemma::rt;

namespace {
constexpr std::string_view known[] = {"outside", "inside", "gateway"};
}

TEST_CASE("words are found by key, whatever blanks stand between them") {
    const auto arguments =
        Arguments::parse("  outside=vif0,10.0.0.1/24\tinside=vif1,10.0.1.1/24  gateway= ", known);
    REQUIRE(arguments);
    CHECK(arguments->get("outside") == "vif0,10.0.0.1/24");
    CHECK(arguments->get("inside") == "vif1,10.0.1.1/24");
    CHECK(arguments->get("gateway") == "");
    CHECK_FALSE(arguments->get("mirror"));
}

TEST_CASE("no words are no error, and a value may hold another equals sign") {
    REQUIRE(Arguments::parse("", known));
    const auto arguments = Arguments::parse("gateway=a=b", known);
    REQUIRE(arguments);
    CHECK(arguments->get("gateway") == "a=b");
}

TEST_CASE("a word that is wrong is named, with what is known") {
    struct Case {
        const char* text;
        const char* error;
    };
    const Case cases[] = {
        {"gateway", "argument \"gateway\" is not of the form key=value"},
        {"=x", "argument \"=x\" is not of the form key=value"},
        {"gatway=x",
         "argument \"gatway=x\": unknown key \"gatway\"; known: outside inside gateway"},
        {"gateway=1 gateway=2", "argument \"gateway=2\": key \"gateway\" is given twice"},
    };
    for (const auto& c : cases) {
        const auto arguments = Arguments::parse(c.text, known);
        REQUIRE_FALSE(arguments);
        CHECK(arguments.error() == c.error);
    }
}
