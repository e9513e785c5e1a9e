#include "xs_wire/path.hpp"

#include <catch2/catch.hpp>

using namespace stemma::xs;

TEST_CASE("well-formed absolute paths") {
    for (const auto* path : {"/", "/a", "/local/domain/0", "/A-Za-z0/_@/x"}) {
        CAPTURE(path);
        CHECK(is_absolute_path(path));
    }
    for (const auto* path :
         {"", "a", "//", "/a/", "/a//b", "/local/domain/", "/a.b", "/a b", "/\xc3"}) {
        CAPTURE(path);
        CHECK_FALSE(is_absolute_path(path));
    }
    CHECK(is_absolute_path("/" + std::string(absolute_path_max - 1, 'a')));
    CHECK_FALSE(is_absolute_path("/" + std::string(absolute_path_max, 'a')));
}

TEST_CASE("well-formed relative and special paths") {
    CHECK(is_relative_path("device/vif/0"));
    CHECK_FALSE(is_relative_path(""));
    CHECK_FALSE(is_relative_path("device//vif"));
    CHECK_FALSE(is_relative_path("device/"));
    CHECK_FALSE(is_relative_path("/device"));
    CHECK_FALSE(is_relative_path(std::string(relative_path_max + 1, 'a')));
    CHECK(is_special_path("@releaseDomain/5"));
    CHECK_FALSE(is_special_path("releaseDomain"));
}

TEST_CASE("paths are taken apart and put together") {
    CHECK(domain_path(5) == "/local/domain/5");
    CHECK(parent("/a/b") == "/a");
    CHECK(parent("/a") == "/");
    CHECK(parent("/") == "/");
    CHECK(basename("/a/b") == "b");
    CHECK(basename("/") == "");
    CHECK(join("/", "a") == "/a");
    CHECK(join("/a", "b/c") == "/a/b/c");
}

TEST_CASE("below means at a name's boundary") {
    CHECK(is_same_or_below("/a/b", "/a"));
    CHECK(is_same_or_below("/a", "/a"));
    CHECK(is_same_or_below("/a", "/"));
    CHECK_FALSE(is_same_or_below("/ab", "/a"));
    CHECK_FALSE(is_same_or_below("@releaseDomain", "/"));
}
