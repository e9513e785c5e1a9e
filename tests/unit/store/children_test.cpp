#include "store/children.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "store/node.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

Ref<const Node> named(std::string_view name, std::string_view value = "") {
    Node::Parts parts;
    parts.name = Bytes(name);
    parts.value = Bytes(value);
    return make_counted<Node>(std::move(parts));
}

std::map<std::string, std::string> contents(const Children& children) {
    std::map<std::string, std::string> all;
    std::string last;
    for (ChildCursor cursor(children); cursor.get() != nullptr; cursor.next()) {
        const std::string name(cursor.get()->name());
        CHECK((all.empty() || last < name));
        all[name] = cursor.get()->value();
        last = name;
    }
    return all;
}

}  // namespace

TEST_CASE("children agree with a sorted map through inserts, replacements and removals") {
    Random random(2);
    for (const std::size_t names : {3U, 40U, 1200U}) {
        Children children;
        std::map<std::string, std::string> model;
        for (std::size_t i = 0; i < names * 4; ++i) {
            const std::string name = std::to_string(below(random, names));
            // More inserts in the first half, more removals in the second, down to nothing and
            // back.
            if (below(random, 4) < (i < names * 2 ? 1U : 3U)) {
                children = children.without(name);
                model.erase(name);
            } else {
                children = children.with(named(name, std::to_string(i)));
                model[name] = std::to_string(i);
            }
            REQUIRE(children.count() == model.size());
            if (i % 97 == 0) REQUIRE(contents(children) == model);
        }
        REQUIRE(contents(children) == model);
        std::size_t bytes = 0;
        for (const auto& [name, value] : model) {
            bytes += name.size();
            REQUIRE(children.find(name)->value() == value);
        }
        CHECK(children.name_bytes() == bytes);
        CHECK(children.find("absent") == nullptr);
        for (const auto& [name, value] : model)
            children = children.without(name);
        CHECK(children.empty());
    }
}

TEST_CASE("children made at once equal children made one by one") {
    for (const std::size_t count : {0U, 1U, 32U, 33U, 1024U, 1025U, 5000U}) {
        std::map<std::string, std::string> model;
        for (std::size_t i = 0; i < count; ++i)
            model[std::to_string(i)] = "";
        std::vector<Ref<const Node>> sorted;
        for (const auto& [name, value] : model)
            sorted.push_back(named(name));
        const Children children(sorted);
        CHECK(contents(children) == model);
        CHECK(children.count() == count);
    }
}

TEST_CASE("an edit of a wide directory makes a few new chunks, not many") {
    std::vector<Ref<const Node>> sorted;
    for (int i = 10'000; i < 20'000; ++i)
        sorted.push_back(named(std::to_string(i)));
    const Children before(sorted);
    const Children after = before.with(named("15000", "changed"));
    // Chunks of `after` that are not chunks of `before`: one a level.
    std::size_t fresh = 0;
    const Chunk* one = before.root();
    const Chunk* two = after.root();
    while (one != two) {
        ++fresh;
        if (one->height() == 0) break;
        const Chunk* next_one = nullptr;
        const Chunk* next_two = nullptr;
        for (std::size_t i = 0; i < one->entries().size(); ++i) {
            if (&one->chunk(i) == &two->chunk(i)) continue;
            REQUIRE(next_one == nullptr);
            next_one = &one->chunk(i);
            next_two = &two->chunk(i);
        }
        one = next_one;
        two = next_two;
    }
    CHECK(fresh == 3);
}

TEST_CASE("removing nearly all children leaves few chunks") {
    std::vector<Ref<const Node>> sorted;
    for (int i = 10'000; i < 20'000; ++i)
        sorted.push_back(named(std::to_string(i)));
    Children children(sorted);
    for (int i = 10'000; i < 20'000; ++i) {
        if (i % 100 != 0) children = children.without(std::to_string(i));
    }
    std::size_t chunks = 0;
    for (ChildCursor cursor(children); cursor.get() != nullptr; cursor.skip(1))
        ++chunks;
    CHECK(children.count() == 100);
    CHECK(chunks <= 16);
}
