#include "store/merge.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

constexpr std::uint64_t generation = 1'000'000;

std::vector<Conflict> conflicts_of(const Tree& base, const Tree& ours, const Tree& theirs,
                                   const MergePolicy& policy = {}) {
    const auto merged = merge(base, ours, theirs, policy, generation);
    if (merged) return {};
    CHECK(merged.error().count >= merged.error().paths.size());
    return merged.error().paths;
}

Model merged_model(const Tree& base, const Tree& ours, const Tree& theirs,
                   const MergePolicy& policy = {}) {
    const auto merged = merge(base, ours, theirs, policy, generation);
    if (!merged) FAIL(merged.error().text());
    return model_of(*merged);
}

// The merge of plain maps, path by path: what theirs changed since base is done to ours. Only for
// one-sided changes; empty if both changed a path, or one changed something at or below what the
// other removed.
std::optional<Model> model_merge(const Model& base, const Model& ours, const Model& theirs) {
    std::set<std::string> paths;
    for (const Model* model : {&base, &ours, &theirs}) {
        for (const auto& [path, node] : *model)
            paths.insert(path);
    }
    const auto at = [](const Model& model, const std::string& path) {
        const auto place = model.find(path);
        return place == model.end() ? std::nullopt : std::optional(place->second);
    };
    Model merged;
    for (const std::string& path : paths) {
        const auto b = at(base, path);
        const auto o = at(ours, path);
        const auto t = at(theirs, path);
        if (o == t || t == b) {
            if (o) merged[path] = *o;
        } else if (o == b) {
            if (t) merged[path] = *t;
        } else if (b && o && t) {
            // Value and permissions are merged apart.
            const auto pick = [&](std::string ModelNode::*part) -> std::optional<std::string> {
                if ((*o).*part == (*t).*part || (*t).*part == (*b).*part) return (*o).*part;
                if ((*o).*part == (*b).*part) return (*t).*part;
                return std::nullopt;
            };
            const auto value = pick(&ModelNode::value);
            const auto permissions = pick(&ModelNode::permissions);
            if (!value || !permissions) return std::nullopt;
            merged[path] = {*value, *permissions};
        } else {
            return std::nullopt;
        }
    }
    for (const auto& [path, node] : merged) {
        const auto slash = path.rfind('/');
        if (path != "/" && slash != 0 && !merged.contains(path.substr(0, slash))) {
            return std::nullopt;
        }
    }
    return merged;
}

MergePolicy everywhere(MergeFunction function) {
    return MergePolicy({{PathPattern("/**"), function}});
}

struct Three {
    Tree base, ours, theirs;
};

Three random_three(Random& random, std::size_t edits) {
    Three three{random_tree(random, 40), {}, {}};
    Editor ours(three.base);
    Editor theirs(three.base);
    ours.count = 1000;
    theirs.count = 1500;
    for (std::size_t i = 0; i < edits; ++i) {
        random_edit(random, ours, 12);
        random_edit(random, theirs, 12);
    }
    three.ours = ours.tree;
    three.theirs = theirs.tree;
    return three;
}

}  // namespace

TEST_CASE("children that both sides created in one directory are all there") {
    Editor start;
    start.write("/local/domain/1/name", "dom1");
    Editor ours(start.tree);
    Editor theirs(start.tree);
    ours.write("/local/domain/2/name", "dom2");
    theirs.write("/local/domain/3/name", "dom3");
    theirs.write("/local/domain/1/name", "renamed");
    const auto merged = merge(start.tree, ours.tree, theirs.tree, {}, generation);
    REQUIRE(merged);
    CHECK(merged->find("/local/domain/2/name")->value() == "dom2");
    CHECK(merged->find("/local/domain/3/name")->value() == "dom3");
    CHECK(merged->find("/local/domain/1/name")->value() == "renamed");
    CHECK(merged->find("/local/domain")->generation() == generation);
    CHECK(merged->find("/local")->generation() == start.tree.find("/local")->generation());
}

TEST_CASE("what both sides changed is a conflict that names the path") {
    Editor start;
    start.write("/a/b", "1");
    start.write("/a/c", "1");
    start.write("/d/e", "1");
    const auto with = [&](auto edit) {
        Editor editor(start.tree);
        edit(editor);
        return editor.tree;
    };
    using Paths = std::vector<Conflict>;
    const Tree two = with([](Editor& e) { e.write("/a/b", "2"); });
    const Tree three = with([](Editor& e) { e.write("/a/b", "3"); });
    CHECK(conflicts_of(start.tree, two, three) == Paths{{"/a/b", "changed on both sides"}});

    const Tree five = with([](Editor& e) { e.permit("/a/b", Permissions{{Access::read, 5, 0}}); });
    const Tree six = with([](Editor& e) { e.permit("/a/b", Permissions{{Access::read, 6, 0}}); });
    CHECK(conflicts_of(start.tree, five, six) ==
          Paths{{"/a/b", "permissions changed on both sides"}});
    CHECK(conflicts_of(start.tree, two, six).empty());

    const Tree gone = with([](Editor& e) { e.remove("/a"); });
    CHECK(conflicts_of(start.tree, gone, two) == Paths{{"/a/b", "changed here, removed there"}});
    CHECK(conflicts_of(start.tree, two, gone) == Paths{{"/a/b", "changed here, removed there"}});
    const Tree added = with([](Editor& e) { e.write("/a/new", ""); });
    CHECK(conflicts_of(start.tree, gone, added) ==
          Paths{{"/a/new", "added in what the other side removed"}});
    const Tree other = with([](Editor& e) { e.write("/d/e", "2"); });
    CHECK(conflicts_of(start.tree, gone, other).empty());
    const Tree less = with([](Editor& e) { e.remove("/a/c"); });
    CHECK(conflicts_of(start.tree, gone, less).empty());

    const Tree made_x = with([](Editor& e) { e.write("/x", "1"); });
    const Tree made_y = with([](Editor& e) { e.write("/x", "2"); });
    CHECK(conflicts_of(start.tree, made_x, made_y) == Paths{{"/x", "changed on both sides"}});
    CHECK(conflicts_of(start.tree, made_x, with([](Editor& e) { e.write("/x", "1"); })).empty());
}

TEST_CASE("a merge lists a bounded number of conflicts and counts all") {
    Editor start;
    Editor ours;
    Editor theirs;
    for (int i = 0; i < 100; ++i) {
        ours.write("/n" + std::to_string(i), "1");
        theirs.write("/n" + std::to_string(i), "2");
    }
    const auto merged = merge(start.tree, ours.tree, theirs.tree, {}, generation);
    REQUIRE_FALSE(merged);
    CHECK(merged.error().count == 100);
    CHECK(merged.error().paths.size() == Conflicts::listed);
    CHECK(merged.error().text() == "/n0: changed on both sides (and 99 more)");
}

TEST_CASE("merges of random trees agree with a plain map wherever nothing conflicts") {
    Random random(4);
    std::size_t clean = 0;
    std::size_t conflicting = 0;
    for (int round = 0; round < 400; ++round) {
        const auto [base, ours, theirs] = random_three(random, 1 + below(random, 4));
        const auto expected = model_merge(model_of(base), model_of(ours), model_of(theirs));
        const auto merged = merge(base, ours, theirs, {}, generation);
        REQUIRE(merged.has_value() == expected.has_value());
        if (expected) REQUIRE(model_of(*merged) == *expected);
        ++(expected ? clean : conflicting);
    }
    CHECK(clean > 50);
    CHECK(conflicting > 50);
}

TEST_CASE("merge laws hold: of a change with itself, with nothing, and in either order") {
    Random random(5);
    const std::vector<MergePolicy> policies = {MergePolicy(), everywhere(merge_last_writer),
                                               everywhere(merge_later_expiry),
                                               everywhere(merge_set), MergePolicy::network_state()};
    for (int round = 0; round < 150; ++round) {
        const auto [base, ours, theirs] = random_three(random, 1 + below(random, 6));
        for (const MergePolicy& policy : policies) {
            REQUIRE(merged_model(base, ours, ours, policy) == model_of(ours));
            REQUIRE(merged_model(base, ours, base, policy) == model_of(ours));
            REQUIRE(merged_model(base, base, ours, policy) == model_of(ours));
            const auto one = merge(base, ours, theirs, policy, generation);
            const auto two = merge(base, theirs, ours, policy, generation);
            REQUIRE(one.has_value() == two.has_value());
            if (one) {
                REQUIRE(model_of(*one) == model_of(*two));
            } else {
                REQUIRE(one.error().paths == two.error().paths);
            }
        }
    }
}

TEST_CASE("merged counters equal the increments done one after another") {
    Random random(6);
    const auto policy = everywhere(merge_counter);
    for (int round = 0; round < 50; ++round) {
        std::array<std::array<int, 8>, 3> counts{};  // base, ours, theirs
        for (auto& count : counts[0])
            count = static_cast<int>(below(random, 100));
        counts[1] = counts[2] = counts[0];
        for (std::size_t side = 1; side < 3; ++side) {
            for (int i = 0; i < 6; ++i) {
                counts[side][below(random, 8)] += static_cast<int>(below(random, 9)) - 2;
            }
        }
        std::array<Editor, 3> trees;
        for (std::size_t c = 0; c < 8; ++c) {
            trees[0].write("/c" + std::to_string(c), std::to_string(counts[0][c]));
        }
        for (std::size_t side = 1; side < 3; ++side) {
            trees[side] = Editor(trees[0].tree);
            for (std::size_t c = 0; c < 8; ++c) {
                trees[side].write("/c" + std::to_string(c), std::to_string(counts[side][c]));
            }
        }
        const auto model = merged_model(trees[0].tree, trees[1].tree, trees[2].tree, policy);
        for (std::size_t c = 0; c < 8; ++c) {
            const int sum = counts[1][c] + counts[2][c] - counts[0][c];
            REQUIRE(model.at("/c" + std::to_string(c)).value == std::to_string(sum));
        }
    }
}

TEST_CASE("of network state the later expiry stays, and a refresh survives the removal around it") {
    const auto policy = MergePolicy::network_state();
    const std::string arp = "/local/domain/3/data/net/arp/0/";
    Editor start;
    start.write(arp + "10-0-0-1", "aa 100");
    start.write(arp + "10-0-0-2", "bb 100");
    start.write(arp + "10-0-0-3", "cc 100");
    start.write("/local/domain/3/data/net/stats/dropped", "10");
    Editor ours(start.tree);
    ours.write(arp + "10-0-0-1", "aa 150");
    ours.write("/local/domain/3/data/net/stats/dropped", "15");
    ours.remove(arp + "10-0-0-2");
    ours.remove(arp + "10-0-0-3");
    Editor theirs(start.tree);
    theirs.write(arp + "10-0-0-1", "dd 200");
    theirs.write(arp + "10-0-0-2", "bb 300");
    theirs.write(arp + "10-0-0-4", "ee 300");
    theirs.write("/local/domain/3/data/net/stats/dropped", "12");
    for (const bool exchanged : {false, true}) {
        const auto model = merged_model(start.tree, exchanged ? theirs.tree : ours.tree,
                                        exchanged ? ours.tree : theirs.tree, policy);
        CHECK(model.at(arp + "10-0-0-1").value == "dd 200");
        CHECK(model.at(arp + "10-0-0-2").value == "bb 300");
        CHECK_FALSE(model.contains(arp + "10-0-0-3"));
        CHECK(model.at(arp + "10-0-0-4").value == "ee 300");
        CHECK(model.at("/local/domain/3/data/net/stats/dropped").value == "17");
    }
    // The whole table removed on one side.
    Editor emptied(start.tree);
    emptied.remove("/local/domain/3/data/net/arp");
    Editor refreshed(start.tree);
    refreshed.write(arp + "10-0-0-2", "bb 300");
    for (const bool exchanged : {false, true}) {
        const auto model = merged_model(start.tree, exchanged ? refreshed.tree : emptied.tree,
                                        exchanged ? emptied.tree : refreshed.tree, policy);
        CHECK_FALSE(model.contains(arp + "10-0-0-1"));
        CHECK(model.at(arp + "10-0-0-2").value == "bb 300");
    }
}

TEST_CASE("the cost of a merge follows the changes, not the size of the trees") {
    Editor start;
    for (int i = 0; i < 10'000; ++i)
        start.write("/wide/n" + std::to_string(i), "1");
    Editor ours(start.tree);
    Editor theirs(start.tree);
    ours.write("/wide/n5", "2");
    ours.write("/wide/more", "2");
    theirs.write("/wide/n7777", "2");
    theirs.remove("/wide/n3");
    Visited visited;
    const auto merged = merge(start.tree, ours.tree, theirs.tree, {}, generation, &visited);
    REQUIRE(merged);
    CHECK(merged->find("/wide")->child_count() == 10'000);
    CHECK(visited.nodes < 200);
    CHECK(visited.pages < 200);
}

TEST_CASE("two deep trees merge without a stack for depth") {
    const std::string path = deep_path(1500);
    const Editor start(deep_tree(1500, ""));
    Editor ours(start.tree);
    Editor theirs(start.tree);
    ours.tree = *ours.tree.create(path + "/a", {}, ours.edit());
    theirs.tree = *theirs.tree.create(path + "/b", {}, theirs.edit());
    const auto merged = merge(start.tree, ours.tree, theirs.tree, {}, generation);
    REQUIRE(merged);
    CHECK(merged->find(path)->child_count() == 2);
    ours = Editor(start.tree);
    ours.remove("/d/d");
    const auto conflict = merge(start.tree, ours.tree, theirs.tree, {}, generation);
    REQUIRE_FALSE(conflict);
    CHECK(conflict.error().paths[0].path == path + "/b");
}

TEST_CASE("two mappings of one outside endpoint, one from each side, are a conflict") {
    const std::string nat = "/local/domain/3/data/net/nat/";
    Editor base;
    base.write(nat + "tcp/10/0/0/2/5/1000", "192.0.2.1:4000 established 100");
    const auto merged_with = [&](const char* ours_path, const char* ours, const char* theirs_path,
                                 const char* theirs) {
        Editor one = base;
        Editor two = base;
        one.write(nat + ours_path, ours);
        two.write(nat + theirs_path, theirs);
        const auto merged =
            merge(base.tree, one.tree, two.tree, MergePolicy::network_state(), 1'000'000);
        const auto turned =
            merge(base.tree, two.tree, one.tree, MergePolicy::network_state(), 1'000'000);
        CHECK(merged.has_value() == turned.has_value());
        return merged ? std::string("merged") : merged.error().text();
    };
    CHECK(merged_with("tcp/10/0/0/2/5/1001", "192.0.2.1:4001 opening 9", "tcp/10/0/0/3/5/1001",
                      "192.0.2.1:4001 opening 9") ==
          nat + "tcp/10/0/0/2/5/1001: claims 192.0.2.1:4001, as " + nat +
              "tcp/10/0/0/3/5/1001 does");
    CHECK(merged_with("tcp/10/0/0/2/5/1001", "192.0.2.1:4001 opening 9", "tcp/10/0/0/3/5/1001",
                      "192.0.2.1:4002 opening 9") == "merged");
    CHECK(merged_with("tcp/10/0/0/2/5/1001", "192.0.2.1:4001 opening 9", "udp/10/0/0/3/5/1001",
                      "192.0.2.1:4001 active 9") == "merged");
    CHECK(merged_with("tcp/10/0/0/2/5/1001", "192.0.2.1:4001 opening 9", "tcp/10/0/0/2/5/1001",
                      "192.0.2.1:4001 established 90") == "merged");
    // One that moved away from the endpoint claims it no more
    CHECK(merged_with("tcp/10/0/0/2/5/1000", "192.0.2.1:4009 established 200",
                      "tcp/10/0/0/3/5/1001", "192.0.2.1:4000 opening 9") == "merged");
}
