// A tree written by object_writer.hpp is the tree that tree_loader.hpp reads.
#include <catch2/catch.hpp>
#include <set>

#include "memory_objects.hpp"
#include "object_writer.hpp"
#include "tree_loader.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

ObjectId written(MemoryObjects& objects, const Tree& tree,
                 ObjectWriter::Place place = ObjectWriter::Place::whole_tree) {
    ObjectWriter writer(0);
    const auto id = writer.write_root(objects, tree.root(), place, false);
    REQUIRE(id);
    return *id;
}

Tree loaded(MemoryObjects& objects, const ObjectId& id) {
    auto root = load_root(objects, id, {});
    if (!root) FAIL(root.error().text());
    return Tree(std::move(*root));
}

// Each directory's names in their order of creation.
std::map<std::string, std::string> orders(const Tree& tree) {
    std::map<std::string, std::string> all;
    diff(nullptr, &tree.root(), "/",
         [&](const Change& change) { all[std::string(change.path)] = change.after->listing(); });
    return all;
}

std::string names(MemoryObjects& objects, const ObjectId& id) {
    std::string all;
    const auto entries = objects.tree(id);
    for (const auto& entry : *entries)
        all += entry.name + (entry.is_tree ? "/ " : " ");
    return all;
}

ObjectId below(MemoryObjects& objects, ObjectId id, std::string_view path) {
    const auto place = find_stored(objects, id, path);
    REQUIRE(place);
    REQUIRE(*place);
    return (*place)->id;
}

}  // namespace

TEST_CASE("any tree is read back with its values, permissions and order") {
    Random random(9);
    for (int round = 0; round < 60; ++round) {
        const Tree tree = random_tree(random, 80, 15);
        MemoryObjects objects;
        const ObjectId id = written(objects, tree);
        const Tree again = loaded(objects, id);
        REQUIRE(model_of(again) == model_of(tree));
        REQUIRE(orders(again) == orders(tree));
        // And what was read is written as the same objects.
        MemoryObjects copy;
        REQUIRE(written(copy, again) == id);
    }
}

TEST_CASE("a leaf is a file if its permissions are its parent's, and a directory if not") {
    Editor editor;
    editor.write("/d/a", "1");
    editor.write("/d/empty", "");
    editor.write("/d/own", "2");
    editor.write("/d/own-and-empty", "");
    editor.write("/d/valued/x", "");
    editor.write("/d/valued", "3");
    editor.permit("/d/own", Permissions{{Access::none, 5, 0}});
    editor.permit("/d/own-and-empty", Permissions{{Access::none, 5, 0}});
    MemoryObjects objects;
    const ObjectId root = written(objects, editor.tree);
    CHECK(names(objects, root) == ".node d/ ");
    CHECK(names(objects, below(objects, root, "/d")) == "a empty own-and-empty/ own/ valued/ ");
    CHECK(names(objects, below(objects, root, "/d/own")) == ".node .value ");
    CHECK(names(objects, below(objects, root, "/d/own-and-empty")) == ".node ");
    CHECK(names(objects, below(objects, root, "/d/valued")) == ".value x ");
    CHECK(model_of(loaded(objects, root)) == model_of(editor.tree));
}

TEST_CASE("the order of children is written where it matters, and not in data/net") {
    Editor editor;
    editor.write("/local/domain/3/device/z", "");
    editor.write("/local/domain/3/device/a", "");
    editor.write("/local/domain/3/data/net/z", "");
    editor.write("/local/domain/3/data/net/a", "");
    editor.write("/local/domain/3/data/net/d/z", "");
    editor.write("/local/domain/3/data/net/d/a", "");
    MemoryObjects objects;
    const ObjectId root = written(objects, editor.tree);
    CHECK(names(objects, below(objects, root, "/local/domain/3/device")) == ".node a z ");
    CHECK(names(objects, below(objects, root, "/local/domain/3/data/net")) == "a d/ z ");
    CHECK(names(objects, below(objects, root, "/local/domain/3/data/net/d")) == "a z ");
    const Tree net(Ref<const Node>::share(editor.tree.find("/local/domain/3/data/net")));
    const ObjectId saved = written(objects, net, ObjectWriter::Place::network_state);
    CHECK(names(objects, saved) == ".node a d/ z ");
    CHECK(below(objects, saved, "/d") == below(objects, root, "/local/domain/3/data/net/d"));
}

TEST_CASE("a node is written anew when only its parent's permissions changed") {
    Editor editor;
    editor.write("/a/b", "1");
    const Node* const b = editor.tree.find("/a/b");
    MemoryObjects objects;
    ObjectWriter writer(77);
    const auto place = ObjectWriter::Place::whole_tree;
    const auto one = writer.write_root(objects, editor.tree.root(), place, true);
    editor.permit("/a", Permissions{{Access::both, 9, 0}});
    CHECK(editor.tree.find("/a/b") == b);
    const auto two = writer.write_root(objects, editor.tree.root(), place, true);
    REQUIRE((one && two));
    CHECK(model_of(loaded(objects, *two)) == model_of(editor.tree));
    CHECK(written(objects, editor.tree) == *two);
}

TEST_CASE("what was marked in a batch that failed is written again") {
    Editor editor;
    editor.write("/a/b", "1");
    ObjectWriter writer(78);
    const auto place = ObjectWriter::Place::whole_tree;
    MemoryObjects lost;
    REQUIRE(writer.write_root(lost, editor.tree.root(), place, true));
    writer.forget();
    MemoryObjects objects;
    const auto id = writer.write_root(objects, editor.tree.root(), place, true);
    REQUIRE(id);
    writer.keep();
    CHECK(model_of(loaded(objects, *id)) == model_of(editor.tree));
    MemoryObjects nothing_new;
    REQUIRE(writer.write_root(nothing_new, editor.tree.root(), place, true));
    CHECK(nothing_new.objects.empty());
}

TEST_CASE("long names, odd names and the special nodes are read back") {
    Tree tree;
    const std::string long_name = "/" + std::string(300, 'n');
    std::uint64_t n = 0;
    for (const std::string& path : {long_name, long_name + "/child", std::string("/.special"),
                                    std::string("/.special/@releaseDomain"), std::string("/.value"),
                                    std::string("/.git"), std::string("/a b\xff")}) {
        tree = *tree.create(path, {"v", {}}, {{}, ++n, n});
    }
    MemoryObjects objects;
    const ObjectId root = written(objects, tree);
    CHECK(model_of(loaded(objects, root)) == model_of(tree));
    const auto entries = objects.tree(root);
    for (const auto& entry : *entries)
        CHECK(entry.name.size() <= 200);
    CHECK(find_stored(objects, root, long_name + "/child").value().has_value());
}

TEST_CASE("trees of any depth that XenStore allows are written and read, deeper ones refused") {
    MemoryObjects objects;
    const Tree deepest = loaded(objects, written(objects, deep_tree(1536, "bottom")));
    CHECK(deepest.find(deep_path(1536))->value() == "bottom");
    const auto refused = load_root(objects, written(objects, deep_tree(1636, "")), {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().why == "nested too deep");
}

TEST_CASE("objects that are no tree of ours are refused with the path") {
    struct Case {
        const char* what;
        std::vector<GitTreeEntry> entries;  // of /d
        const char* why;
    };
    MemoryObjects objects;
    const auto blob = [&](std::string_view bytes) { return *objects.put(ObjectKind::blob, bytes); };
    std::vector<GitTreeEntry> none;
    const ObjectId empty = *objects.put(ObjectKind::tree, git_tree_text(none));
    const std::string hashed = ".name-" + std::string(40, '0');
    const Case cases[] = {
        {"a file of git's", {{".gitignore", false, blob("x")}}, "not the name of a node"},
        {"a nameless file", {{"", false, blob("x")}}, "a file without a name"},
        {"a name with a dot", {{"a.b", true, empty}}, "not the name of a node"},
        {"a hashed name that is another's", {{hashed, true, empty}}, "not the name of a node"},
        {"a .node of nonsense", {{".node", false, blob("nonsense")}}, ".node: line 1"},
        {"a .value that is a directory", {{".value", true, empty}}, "a directory named .value"},
    };
    for (Case test : cases) {
        CAPTURE(test.what);
        std::vector<GitTreeEntry> root{
            {"d", true, *objects.put(ObjectKind::tree, git_tree_text(test.entries))}};
        const auto read =
            load_root(objects, *objects.put(ObjectKind::tree, git_tree_text(root)), {});
        REQUIRE_FALSE(read);
        CHECK(read.error().kind == Error::Kind::corrupt);
        CHECK(read.error().on.starts_with("/"));
        CHECK(read.error().why.find(test.why) != std::string::npos);
    }
}

TEST_CASE("an order that a person left half done is taken as far as it goes") {
    MemoryObjects objects;
    const ObjectId value = *objects.put(ObjectKind::blob, "");
    const ObjectId text = *objects.put(ObjectKind::blob, "child c\nchild gone\nchild a\nchild c\n");
    std::vector<GitTreeEntry> entries{
        {".node", false, text}, {"a", false, value}, {"b", false, value}, {"c", false, value}};
    const Tree tree = loaded(objects, *objects.put(ObjectKind::tree, git_tree_text(entries)));
    CHECK(tree.root().listing() == std::string_view("c\0a\0b\0", 6));
}
