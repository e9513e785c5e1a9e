#include "store/path_pattern.hpp"

#include <catch2/catch.hpp>

using stemma::store::PathPattern;

TEST_CASE("patterns match whole paths, element by element") {
    struct Case {
        const char* pattern;
        const char* path;
        bool matches;
    };
    const Case cases[] = {
        {"/a/b", "/a/b", true},
        {"/a/b", "/a", false},
        {"/a/b", "/a/b/c", false},
        {"/a/b", "/a/bc", false},
        {"/", "/", true},
        {"/", "/a", false},
        {"/*", "/a", true},
        {"/*", "/", false},
        {"/*", "/a/b", false},
        {"/a/*/c", "/a/b/c", true},
        {"/a/*/c", "/a/c", false},
        {"/**", "/", true},
        {"/**", "/a/b/c", true},
        {"/a/**", "/a", true},
        {"/a/**", "/a/b/c", true},
        {"/a/**", "/b", false},
        {"/a/**/d", "/a/d", true},
        {"/a/**/d", "/a/b/c/d", true},
        {"/a/**/d", "/a/b/c", false},
        {"/**/x/*/y", "/x/x/1/y", true},
        {"/**/x/**/y", "/a/x/b/x/y/y", true},
        {"/**/x/**/y", "/a/x/b/x/y/z", false},
        {"/local/domain/*/data/net/arp/**", "/local/domain/3/data/net/arp/0/10-0-0-2", true},
        {"/local/domain/*/data/net/arp/**", "/local/domain/3/data/net/arp", true},
        {"/local/domain/*/data/net/arp/**", "/local/domain/3/data/net/nat", false},
    };
    for (const Case& test : cases) {
        CAPTURE(test.pattern, test.path);
        CHECK(PathPattern(test.pattern).matches(test.path) == test.matches);
    }
}

TEST_CASE("a pattern of many stars is no burden") {
    std::string pattern;
    std::string path;
    for (int i = 0; i < 40; ++i)
        pattern += "/**/a";
    for (int i = 0; i < 1000; ++i)
        path += "/a";
    CHECK(PathPattern(pattern).matches(path));
    CHECK_FALSE(PathPattern(pattern + "/b").matches(path));
}

TEST_CASE("the ancestor of a path that matches a pattern, or the path itself") {
    const PathPattern pattern("/local/domain/*/nat/*");
    CHECK(pattern.matching_ancestor("/local/domain/3/nat/tcp/10/1") == "/local/domain/3/nat/tcp");
    CHECK(pattern.matching_ancestor("/local/domain/3/nat/tcp") == "/local/domain/3/nat/tcp");
    CHECK(pattern.matching_ancestor("/local/domain/3/nat").empty());
    CHECK(pattern.matching_ancestor("/local/domain/3/arp/tcp").empty());
    CHECK(pattern.matching_ancestor("/").empty());
}
