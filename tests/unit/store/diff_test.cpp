#include "store/diff.hpp"

#include <catch2/catch.hpp>

#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

using Changes = std::vector<std::string>;  // "+/a", "-/b", "~/c"

Changes changes_of(const Tree& before, const Tree& after, Visited* visited = nullptr) {
    Changes changes;
    diff(
        before, after,
        [&](const Change& change) {
            CHECK((change.before == nullptr) == (change.kind == Change::Kind::added));
            CHECK((change.after == nullptr) == (change.kind == Change::Kind::removed));
            changes.push_back("+-~"[static_cast<std::size_t>(change.kind)] +
                              std::string(change.path));
        },
        visited);
    return changes;
}

Changes model_changes(const Model& before, const Model& after) {
    std::map<std::string, char> changes;
    for (const auto& [path, node] : before) {
        const auto other = after.find(path);
        if (other == after.end()) {
            changes[path] = '-';
        } else if (other->second != node) {
            changes[path] = '~';
        }
    }
    for (const auto& [path, node] : after) {
        if (!before.contains(path)) changes[path] = '+';
    }
    Changes list;
    for (const auto& [path, kind] : changes)
        list.push_back(kind + path);
    return list;
}

}  // namespace

TEST_CASE("a diff names what was added, removed and changed, parents first") {
    Editor editor;
    editor.write("/a/b", "1");
    editor.write("/a/c/d", "1");
    editor.write("/e", "1");
    const Tree before = editor.tree;
    editor.remove("/a/c");
    editor.write("/a/b", "2");
    editor.write("/f/g", "1");
    editor.permit("/e", Permissions{{Access::both, 7, 0}});
    CHECK(changes_of(before, editor.tree) ==
          Changes{"~/a/b", "-/a/c", "-/a/c/d", "~/e", "+/f", "+/f/g"});
    CHECK(changes_of(before, before).empty());
}

TEST_CASE("diffs of random trees agree with a plain map, made from one another or apart") {
    Random random(3);
    for (int round = 0; round < 60; ++round) {
        Editor editor(random_tree(random, 60));
        const Tree before = editor.tree;
        for (int i = 0; i < 15; ++i)
            random_edit(random, editor, 12);
        const Tree apart = random_tree(random, 60);
        for (const Tree& after : {editor.tree, apart}) {
            auto changes = changes_of(before, after);
            std::ranges::sort(changes, {}, [](const std::string& c) { return c.substr(1); });
            REQUIRE(changes == model_changes(model_of(before), model_of(after)));
        }
    }
}

TEST_CASE("the cost of a diff follows the change, not the size of the tree") {
    Editor editor;
    for (int i = 0; i < 10'000; ++i)
        editor.write("/wide/n" + std::to_string(i), "1");
    for (int i = 0; i < 2'000; ++i) {
        editor.write("/deep/" + std::to_string(i % 40) + "/" + std::to_string(i), "1");
    }
    const Tree before = editor.tree;
    editor.write("/wide/n5000", "2");
    editor.write("/deep/7/7", "2");
    editor.remove("/wide/n77");
    Visited visited;
    CHECK(changes_of(before, editor.tree, &visited) ==
          Changes{"~/deep/7/7", "~/wide/n5000", "-/wide/n77"});
    CHECK(visited.nodes < 250);
    CHECK(visited.pages < 250);
}

TEST_CASE("a diff needs no stack for depth") {
    const std::string path = deep_path(1500);
    const Tree before = deep_tree(1500, "1");
    CHECK(changes_of(before, deep_tree(1500, "2")) == Changes{"~" + path});
}

TEST_CASE("an exact diff, played back, makes the same tree to the last generation and stamp") {
    Random random(4);
    for (int round = 0; round < 60; ++round) {
        Editor editor(random_tree(random, 60));
        const Tree before = editor.tree;
        for (int i = 0; i < 15; ++i)
            random_edit(random, editor, 12);
        for (const Tree& after : {editor.tree, random_tree(random, 60)}) {
            Tree played = before;
            diff_exactly(before, after, [&](const Change& change) {
                const Node* const node = change.after;
                if (node == nullptr) {
                    played = *std::move(played).cut(change.path);
                    return;
                }
                played = *std::move(played).place(
                    change.path, {node->parts().value, node->permissions()},
                    {node->stamp(), node->generation(), node->number()});
            });
            int different = 0;
            diff_exactly(played, after, [&](const Change&) { ++different; });
            REQUIRE(different == 0);
            for (const std::string& path : paths_of(after))
                REQUIRE(played.find(path)->listing() == after.find(path)->listing());
        }
    }
}
