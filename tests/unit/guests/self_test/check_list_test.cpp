#include "self_test/check_list.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace {

struct Lines final : stemma::rt::Console {
    void line(std::string_view text) override { lines.emplace_back(text); }
    std::vector<std::string> lines;
};

using Text = std::vector<std::string>;

}  // namespace

using stemma::self_test::CheckList;

TEST_CASE("each check is told, and the end tells how many there were") {
    Lines console;
    CheckList checks(console);
    CHECK(checks.check("one", true));
    CHECK(checks.check("two", true));
    CHECK(checks.end());
    CHECK(console.lines ==
          Text{"self-test: ok: one", "self-test: ok: two", "self-test: 2 checks passed"});
}

TEST_CASE("one failed check fails all") {
    Lines console;
    CheckList checks(console);
    CHECK_FALSE(checks.check("one", false));
    checks.check("two", true);
    CHECK_FALSE(checks.end());
    CHECK(console.lines ==
          Text{"self-test: FAILED: one", "self-test: ok: two", "self-test: 1 of 2 checks failed"});
}

TEST_CASE("a figure is told and is no check") {
    Lines console;
    CheckList checks(console);
    checks.figure("a packet", 42);
    checks.check("one", true);
    CHECK(checks.end());
    CHECK(console.lines == Text{"self-test: figure: a packet: 42 ticks", "self-test: ok: one",
                                "self-test: 1 checks passed"});
}

TEST_CASE("to check nothing is to fail") {
    Lines console;
    CHECK_FALSE(CheckList(console).end());
}
