#include "toolstack/display_path.hpp"

#include <catch2/catch.hpp>

#include "toolstack/vif_state.hpp"

namespace stemma::toolstack {

TEST_CASE("encoded names are shown as people write them") {
    const std::pair<const char*, const char*> cases[] = {
        {"/stemma/zones/example_2eorg", "/stemma/zones/example.org"},
        {"/local/domain/3/data/net/arp/0/10-0-0-53", "/local/domain/3/data/net/arp/0/10.0.0.53"},
        {"a/b-c/d", "a/b-c/d"},
        {"/", "/"},
        {"", ""},
        {"/a/_2f", "/a/_2f"},  // a slash would make another path
        {"/a/_0a", "/a/_0a"},  // a newline another line
        {"/a/on_crash", "/a/on_crash"},
        {"/a/10-0-0-256", "/a/10-0-0-256"},
    };
    for (const auto& [path, shown] : cases)
        CHECK(display_path(path) == shown);
}

TEST_CASE("a value is one line of printable text, cut where it is long") {
    CHECK(display_value("a\nb\\c\x01\xff") == "a\\nb\\\\c\\x01\\xff");
    CHECK(display_value(std::string(300, 'x')) == std::string(200, 'x') + "...");
    CHECK(display_value("abc", 3) == "abc");
}

TEST_CASE("a vif's state is shown with its name") {
    CHECK(describe_vif_state("4") == "4 Connected");
    CHECK(describe_vif_state("") == "absent");
    CHECK(describe_vif_state("9") == "9");
    CHECK(describe_vif_state("oops") == "oops");
    CHECK(value(VifState::init_wait) == "2");
}

}  // namespace stemma::toolstack
