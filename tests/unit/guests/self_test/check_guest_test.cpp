// Compiled into the unit tests of each image, with that image's check_guest().
#include <catch2/catch.hpp>
#include <string>

#include "../net/test_port.hpp"
#include "self_test/check_list.hpp"

using namespace stemma;

namespace {

struct Lines final : rt::Console {
    void line(std::string_view text) override { all.append(text).append("\n"); }
    std::string all;
};

}  // namespace

TEST_CASE("the image's self-test passes here too, where the sanitizers see it") {
    Lines console;
    self_test::CheckList checks(console);
    net::test::TestEntropy entropy;
    self_test::check_guest(checks, entropy);
    INFO(console.all);
    CHECK(checks.end());
}
