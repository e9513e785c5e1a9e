#include "xenstored/node_path.hpp"

#include <catch2/catch.hpp>

using namespace stemma;
using namespace stemma::xenstored;

TEST_CASE("which paths a node may have") {
    const struct {
        std::string path;
        bool valid;
    } cases[] = {
        {"/", true},
        {"/a", true},
        {"/a/b-c_d@E/0", true},
        {"", false},
        {"a", false},
        {"//", false},
        {"/a/", false},
        {"/a//b", false},
        {"/local/domain/", false},  // XSA-481
        {"/.special", false},
        {"/a b", false},
        {std::string("/a\0b", 4), false},
        {"@releaseDomain", false},
        {"/@x", true},
        {"/" + std::string(2047, 'n'), true},
        {"/" + std::string(2048, 'n'), false},
        // the part before the domain's own does not count (XSA-323)
        {"/local/domain/5/" + std::string(2048, 'n'), true},
        {"/local/domain/5/" + std::string(2049, 'n'), false},
        {"/local/domain/12345/" + std::string(2048, 'n'), true},
        {"/local/domain/123456/" + std::string(2030, 'n'), false},
        {"/local/domain/x/" + std::string(2040, 'n'), false},
        {"/local/domain/-1/" + std::string(2048, 'n'), true},
        {"/local/domain/5", true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.path.substr(0, 60), c.path.size());
        CHECK(is_valid_node_path(c.path, default_path_max) == c.valid);
    }
    CHECK_FALSE(is_valid_node_path("/abcd", 4));
    CHECK(is_valid_node_path("/abc", 4));
}

TEST_CASE("a relative path stands below the client's home") {
    std::string scratch;
    CHECK(canonical("/a", 5, scratch) == "/a");
    CHECK(canonical("@x", 5, scratch) == "@x");
    CHECK(canonical("device/vif", 5, scratch) == "/local/domain/5/device/vif");
    CHECK(canonical("", 0, scratch) == "/local/domain/0/");
}
