#include "store/tree.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

std::string listed(const Node& node) {
    std::string names(node.listing());
    for (char& c : names) {
        if (c == '\0') c = ' ';
    }
    return names;
}

}  // namespace

TEST_CASE("an edit leaves the tree it was made from as it was") {
    Editor editor;
    editor.write("/a/b", "1");
    const Tree before = editor.tree;
    editor.write("/a/b", "2");
    editor.write("/a/c", "3");
    CHECK(before.find("/a/b")->value() == "1");
    CHECK(before.find("/a/c") == nullptr);
    CHECK(editor.tree.find("/a/b")->value() == "2");
    editor.remove("/a");
    CHECK(before.find("/a/b") != nullptr);
    CHECK(editor.tree.find("/a") == nullptr);
    CHECK(editor.tree.find("/")->child_count() == 0);
}

TEST_CASE("edits that cannot be made say why") {
    const Edit edit;
    const Tree tree = *Tree().create("/a", {"v", {}}, edit);
    CHECK(tree.create("/a", {}, edit).error() == TreeError::exists);
    CHECK(tree.create("/", {}, edit).error() == TreeError::root);
    CHECK(tree.create("/b/c", {}, edit).error() == TreeError::no_parent);
    CHECK(tree.set("/b/c", {}, edit).error() == TreeError::no_parent);
    CHECK(tree.graft("/b/c", tree.root(), edit).error() == TreeError::no_parent);
    CHECK(tree.update("/b", {}, edit).error() == TreeError::absent);
    CHECK(tree.set_value("/b", "", edit).error() == TreeError::absent);
    CHECK(tree.set_permissions("/a/b", {}, edit).error() == TreeError::absent);
    CHECK(tree.remove("/b", edit).error() == TreeError::absent);
    CHECK(tree.remove("/", edit).error() == TreeError::root);
}

TEST_CASE("generation and stamp change with value, permissions and child list, and with no more") {
    Editor editor;
    editor.write("/a/b/c", "1");
    const auto generation = [&](const char* path) { return editor.tree.find(path)->generation(); };
    const auto a = generation("/a");
    const auto b = generation("/a/b");
    const auto c = generation("/a/b/c");

    editor.write("/a/b/c", "2");  // the value of c
    CHECK(generation("/a/b/c") == editor.count);
    CHECK(generation("/a/b/c") > c);
    CHECK(generation("/a/b") == b);
    CHECK(generation("/a") == a);

    editor.write("/a/b/d", "");  // the child list of b
    CHECK(generation("/a/b") == editor.count);
    CHECK(generation("/a/b/d") == editor.count);
    CHECK(generation("/a") == a);
    CHECK(editor.tree.find("/a/b")->stamp() == editor.tree.find("/a/b/d")->stamp());

    const auto d = generation("/a/b/d");
    editor.remove("/a/b/c");
    CHECK(generation("/a/b") == editor.count);
    CHECK(generation("/a/b/d") == d);

    editor.permit("/a", Permissions{{Access::read, 3, 9}});
    CHECK(generation("/a") == editor.count);
    CHECK(editor.tree.find("/a")->permissions().entries()[0].generation == 9);
}

TEST_CASE("children list in the order of their creation, with their names' total length") {
    Editor editor;
    for (const char* name : {"/zebra", "/ant", "/mule", "/10", "/9"})
        editor.write(name, "");
    CHECK(listed(editor.tree.root()) == "zebra ant mule 10 9 ");
    CHECK(editor.tree.root().child_name_bytes() == 15);
    editor.write("/ant", "a value does not move it");
    CHECK(listed(editor.tree.root()) == "zebra ant mule 10 9 ");
    editor.remove("/zebra");
    editor.write("/zebra", "made again, it is last");
    CHECK(listed(editor.tree.root()) == "ant mule 10 9 zebra ");
    CHECK(listed(*editor.tree.find("/ant")).empty());
}

TEST_CASE("children of one number list by name") {
    Tree tree;
    for (const char* name : {"/b", "/c", "/a"})
        tree = *tree.create(name, {}, Edit{{}, 1, 7});
    CHECK(listed(tree.root()) == "a b c ");
}

TEST_CASE("a listing is kept while the child list stays, and made anew when it does not") {
    Editor editor;
    editor.write("/a", "");
    editor.write("/b", "");
    const Tree before = editor.tree;
    const auto* const names = before.root().listing().data();
    editor.write("/a", "1");
    CHECK(editor.tree.root().listing().data() == names);
    editor.write("/c", "");
    CHECK(listed(editor.tree.root()) == "a b c ");
    CHECK(listed(before.root()) == "a b ");
}

TEST_CASE("a graft puts a subtree in the place of a node, or makes a last child") {
    Editor source;
    source.write("/x/y", "deep");
    Editor editor;
    editor.write("/a", "");
    editor.write("/b", "");
    const auto generation = editor.tree.root().generation();
    const Node& subtree = *source.tree.find("/x");

    Tree tree = *editor.tree.graft("/a", subtree, editor.edit());
    CHECK(tree.find("/a/y")->value() == "deep");
    CHECK(tree.find("/a")->name() == "a");
    CHECK(tree.root().generation() == generation);
    CHECK(listed(tree.root()) == "a b ");
    // What lies below is shared, not copied.
    CHECK(tree.find("/a/y") == source.tree.find("/x/y"));

    tree = *tree.graft("/c", subtree, editor.edit());
    CHECK(listed(tree.root()) == "a b c ");
    CHECK(tree.root().generation() == editor.count);
    CHECK(tree.graft("/", subtree, editor.edit())->find("/y")->value() == "deep");
}

TEST_CASE("values and names hold any byte but the ones that part paths") {
    const std::string value("\0\xff\n", 3);
    const Tree tree = *Tree().create("/a", {Bytes(value), {}}, Edit{});
    CHECK(tree.find("/a")->value() == value);
    CHECK(tree.create("/.special", {}, Edit{})->find("/.special") != nullptr);
}

TEST_CASE("a random history of edits agrees with a plain map") {
    Random random(1);
    for (int round = 0; round < 20; ++round) {
        Editor editor;
        Model model = model_of(editor.tree);
        for (int i = 0; i < 150; ++i) {
            const auto paths = paths_of(editor.tree);
            const std::string path = paths[below(random, paths.size())];
            const std::string child =
                (path == "/" ? "" : path) + "/n" + std::to_string(below(random, 60));
            if (below(random, 8) == 0 && path != "/") {
                editor.remove(path);
                std::erase_if(model, [&](const auto& entry) {
                    return entry.first == path || entry.first.starts_with(path + "/");
                });
            } else if (below(random, 8) == 0) {
                const auto permissions = random_permissions(random);
                editor.permit(path, permissions);
                model[path].permissions = permissions.text();
            } else {
                const std::string value = random_value(random);
                editor.write(child, value);
                auto& node = model[child];
                node.value = value;
                if (node.permissions.empty()) node.permissions = model[path].permissions;
            }
        }
        REQUIRE(model_of(editor.tree) == model);
    }
}

namespace {

// All that can be told of a tree.
std::string told(const Tree& tree) {
    std::string text;
    diff(nullptr, &tree.root(), "/", [&](const Change& change) {
        const Node& node = *change.after;
        text.append(change.path).append(1, ' ').append(node.value()).append(1, ' ');
        text += node.permissions().text() + ' ' + std::to_string(node.generation()) + ' ' +
                std::to_string(node.number()) + ' ' + std::to_string(node.child_count()) + ' ' +
                std::to_string(node.child_name_bytes()) + ' ' + listed(node) + '\n';
    });
    return text;
}

}  // namespace

TEST_CASE("edits of a tree that is given up give what others give, and change no other tree") {
    Random random(2);
    for (int round = 0; round < 10; ++round) {
        Tree kept = Tree::rooted({"", Permissions{{Access::none, 0, 0}}}, {});
        Tree own = Tree::rooted({"", Permissions{{Access::none, 0, 0}}}, {});
        std::vector<std::pair<Tree, std::string>> copies;
        for (std::uint64_t i = 1; i <= 400; ++i) {
            const Edit edit{{}, i, i};
            const auto paths = paths_of(own);
            const std::string path = paths[below(random, paths.size())];
            const std::string child =
                (path == "/" ? "" : path) + "/n" + std::to_string(below(random, 80));
            const std::string value = random_value(random);
            std::expected<Tree, TreeError> one, two;
            switch (below(random, 8)) {
                case 0:
                    one = kept.remove(path, edit);
                    two = std::move(own).remove(path, edit);
                    break;
                case 1: {
                    const auto permissions = random_permissions(random);
                    one = kept.set_permissions(path, permissions, edit);
                    two = std::move(own).set_permissions(path, permissions, edit);
                    break;
                }
                case 2: {
                    const auto from =
                        Ref<const Node>::share(own.find(paths[below(random, paths.size())]));
                    if (from->child_count() > 40) continue;
                    one = kept.graft(child, *from, edit);
                    two = std::move(own).graft(child, *from, edit);
                    break;
                }
                case 3:
                    one = kept.set_value(path, Bytes(value), edit);
                    two = std::move(own).set_value(path, Bytes(value), edit);
                    break;
                default:
                    one = kept.set(child, {Bytes(value), Permissions{{Access::read, 1, 0}}}, edit);
                    two = std::move(own).set(
                        child, {Bytes(value), Permissions{{Access::read, 1, 0}}}, edit);
                    break;
            }
            REQUIRE(one.has_value() == two.has_value());
            if (one) {
                kept = std::move(*one);
                own = std::move(*two);
            }
            if (below(random, 40) == 0) copies.emplace_back(own, told(own));
        }
        REQUIRE(told(own) == told(kept));
        for (const auto& [copy, text] : copies)
            REQUIRE(told(copy) == text);
    }
}

TEST_CASE("the second edit of a branch copies nothing that the first copied") {
    Editor editor;
    for (int i = 0; i < 100; ++i)
        editor.write("/d/n" + std::to_string(i), "0");
    Tree branch = *editor.tree.set_value("/d/n7", "1", editor.edit());
    const Node* const root = &branch.root();
    const Node* const node = branch.find("/d/n7");
    branch = *std::move(branch).set_value("/d/n7", "2", editor.edit());
    CHECK(&branch.root() == root);
    CHECK(branch.find("/d/n7") == node);
    branch = *std::move(branch).create("/d/new", {"", {}}, editor.edit());
    CHECK(&branch.root() == root);
    CHECK(branch.find("/d/n7")->value() == "2");
    CHECK(editor.tree.find("/d/n7")->value() == "0");
    CHECK(editor.tree.find("/d/new") == nullptr);
}

TEST_CASE("releasing a tree of any depth needs no stack") {
    // Far deeper than any path of XenStore.
    const Tree tree = deep_tree(200'000, "");
    CHECK(tree.root().child("d") != nullptr);
}

TEST_CASE("readers on other threads see their own version while the owner edits") {
    Editor editor;
    for (int i = 0; i < 100; ++i)
        editor.write("/d/n" + std::to_string(i), "0");
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 3; ++reader) {
        readers.emplace_back([version = editor.tree] {
            for (int i = 0; i < 200; ++i) {
                const Tree copy = version;
                const auto names = copy.find("/d")->listing();
                if (names.size() != copy.find("/d")->child_name_bytes() + 100) std::abort();
                if (copy.find("/d/n7")->value() != "0") std::abort();
            }
        });
    }
    for (int i = 0; i < 500; ++i)
        editor.write("/d/n" + std::to_string(i % 150), "1");
    for (std::thread& reader : readers)
        reader.join();
    CHECK(editor.tree.find("/d")->child_count() == 150);
}
