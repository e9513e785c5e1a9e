#include "xenstored/watch_index.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "xs_wire/path.hpp"

using namespace stemma;
using namespace stemma::xenstored;

namespace {

std::vector<std::string> found(const WatchIndex& index, std::string_view path,
                               WatchIndex::Match match) {
    std::vector<const Watch*> watches;
    index.collect(path, match, watches);
    std::vector<std::string> tokens;
    for (const Watch* watch : watches)
        tokens.push_back(watch->token);
    return tokens;
}

}  // namespace

TEST_CASE("a watch matches its path and what lies below, in the order of creation") {
    WatchIndex index;
    const ConnectionId one{1}, two{2};
    index.add(one, "/a/b", "deep", 0);
    index.add(two, "/", "root", 0);
    index.add(one, "/a", "top", 0);
    index.add(one, "/ab", "neighbour", 0);
    index.add(one, "@releaseDomain", "special", 0);
    using Match = WatchIndex::Match;
    CHECK(found(index, "/a/b/c", Match::at_or_above) ==
          std::vector<std::string>{"deep", "root", "top"});
    CHECK(found(index, "/a", Match::at_or_above) == std::vector<std::string>{"root", "top"});
    CHECK(found(index, "/", Match::at_or_above) == std::vector<std::string>{"root"});
    CHECK(found(index, "/a", Match::exact) == std::vector<std::string>{"top"});
    CHECK(found(index, "/a/b/c", Match::exact).empty());
    CHECK(found(index, "@releaseDomain", Match::exact) == std::vector<std::string>{"special"});
    CHECK(found(index, "@releaseDomain/5", Match::at_or_above).empty());
}

TEST_CASE("a watch with a depth reports no deeper") {
    WatchIndex index;
    const ConnectionId one{1};
    index.add(one, "/a", "all", 0);
    index.add(one, "/a", "itself", 0, 0);
    index.add(one, "/a", "children", 0, 1);
    index.add(one, "/", "two", 0, 2);
    using Match = WatchIndex::Match;
    using Tokens = std::vector<std::string>;
    CHECK(found(index, "/a", Match::at_or_above) == Tokens{"all", "itself", "children", "two"});
    CHECK(found(index, "/a/b", Match::at_or_above) == Tokens{"all", "children", "two"});
    CHECK(found(index, "/a/b/c", Match::at_or_above) == Tokens{"all"});
    CHECK(found(index, "/a", Match::exact) == Tokens{"all", "itself", "children"});
    CHECK(index.bytes(one) == 3 * 2 + 3 + 6 + 8 + 1 + 3);
    index.remove(one, "/a", "all");
    CHECK(index.bytes(one) == 2 * 2 + 6 + 8 + 1 + 3);
    index.remove_all(one);
    CHECK(index.bytes(one) == 0);
}

TEST_CASE("path and token together name a watch of a connection") {
    WatchIndex index;
    const ConnectionId one{1}, two{2};
    CHECK(index.add(one, "/a", "t", 0) != nullptr);
    CHECK(index.add(one, "/a", "t", 0) == nullptr);
    CHECK(index.add(one, "/a", "u", 0) != nullptr);
    CHECK(index.add(two, "/a", "t", 0) != nullptr);
    CHECK(index.count(one) == 2);
    CHECK_FALSE(index.remove(one, "/a", "x"));
    CHECK_FALSE(index.remove(two, "/a", "u"));
    CHECK(index.remove(one, "/a", "t"));
    CHECK_FALSE(index.remove(one, "/a", "t"));
    CHECK(index.size() == 2);
}

TEST_CASE("the events of a relative watch are relative") {
    WatchIndex index;
    const Watch* watch = index.add({1}, "/local/domain/5/device", "t", 15);
    REQUIRE(watch != nullptr);
    CHECK(watch->event_path("/local/domain/5/device/vif") == "device/vif");
    CHECK(watch->event_path("/local/domain/5/device") == "device");
    CHECK(index.add({1}, "/x", "t", 0)->event_path("/x/y") == "/x/y");
}

TEST_CASE("the index agrees with a plain list of watches") {
    std::mt19937 random(7);
    WatchIndex index;
    struct Plain {
        ConnectionId connection;
        std::string path, token;
    };
    std::vector<Plain> plain;
    const auto path_of = [&] {
        std::string path;
        for (auto depth = random() % 4; depth > 0; --depth)
            path += "/" + std::string(1, static_cast<char>('a' + random() % 3));
        return path.empty() ? "/" : path;
    };
    for (int step = 0; step < 4000; ++step) {
        const ConnectionId connection{random() % 4};
        const std::string path = path_of();
        const std::string token(1, static_cast<char>('0' + random() % 3));
        const auto same = [&](const Plain& p) {
            return p.connection == connection && p.path == path && p.token == token;
        };
        switch (random() % 8) {
            case 0:
            case 1:
            case 2: {
                const bool there = std::ranges::any_of(plain, same);
                CHECK((index.add(connection, path, token, 0) == nullptr) == there);
                if (!there) plain.push_back({connection, path, token});
                break;
            }
            case 3:
                CHECK(index.remove(connection, path, token) == (std::erase_if(plain, same) > 0));
                break;
            case 4:
                if (random() % 20 == 0) {
                    index.remove_all(connection);
                    std::erase_if(plain,
                                  [&](const Plain& p) { return p.connection == connection; });
                }
                break;
            default: {
                std::vector<std::string> below, exact;
                for (const Plain& p : plain) {
                    if (xs::is_same_or_below(path, p.path)) below.push_back(p.token);
                    if (path == p.path) exact.push_back(p.token);
                }
                CHECK(found(index, path, WatchIndex::Match::at_or_above) == below);
                CHECK(found(index, path, WatchIndex::Match::exact) == exact);
            }
        }
        REQUIRE(index.size() == plain.size());
    }
}
