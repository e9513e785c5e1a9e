// What an ObjectWriter makes of a tree by editing the last one is what it would write from nothing.
#include "object_writer.hpp"

#include <catch2/catch.hpp>

#include "applied_delta.hpp"
#include "memory_objects.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

constexpr auto whole = ObjectWriter::Place::whole_tree;

// Holds every delta against what it stands for.
class CheckedObjects final : public ObjectSink {
  public:
    std::expected<ObjectId, Error> put(ObjectKind kind, std::string_view bytes) override {
        return objects.put(kind, bytes);
    }
    std::expected<ObjectId, Error> put_delta(ObjectKind kind, std::string_view bytes,
                                             const Delta& delta) override {
        ++deltas;
        REQUIRE(objects.objects.contains(delta.base));
        REQUIRE(applied(objects.objects[delta.base], delta.instructions) == bytes);
        return objects.put(kind, bytes);
    }
    MemoryObjects objects;
    int deltas = 0;
};

ObjectId from_nothing(const Tree& tree) {
    MemoryObjects objects;
    return *ObjectWriter(0).write_root(objects, tree.root(), whole, false);
}

// Where a node is under two paths at once, and data/net, whose order is not kept.
void graft_somewhere(Random& random, Editor& editor) {
    const auto paths = paths_of(editor.tree);
    const std::string& from = paths[below(random, paths.size())];
    const std::string to =
        paths[below(random, paths.size())] + "/g" + std::to_string(below(random, 3));
    const Tree grafted = editor.tree;
    auto result =
        grafted.graft(to.starts_with("//") ? to.substr(1) : to, *grafted.find(from), editor.edit());
    if (result) editor.tree = std::move(*result);
}

}  // namespace

TEST_CASE("a tree written as an edit of the last one has the id it has from nothing") {
    Random random(30);
    for (int round = 0; round < 6; ++round) {
        Editor editor;
        editor.write("/local/domain/3/data/net/arp/0/x", "1");
        CheckedObjects sink;
        ObjectWriter writer(1000 + static_cast<std::uint32_t>(round));
        for (int step = 0; step < 150; ++step) {
            for (std::size_t edits = 1 + below(random, 4); edits > 0; --edits) {
                if (model_of(editor.tree).size() > 150) {
                    editor.remove(paths_of(editor.tree)[1]);
                } else if (below(random, 12) == 0) {
                    graft_somewhere(random, editor);
                } else {
                    random_edit(random, editor, 40);
                }
            }
            if (below(random, 10) == 0) editor.write("/local/domain/3/data/net/b", "2");
            const auto id = writer.write_root(sink, editor.tree.root(), whole, true);
            REQUIRE(id == from_nothing(editor.tree));
            if (below(random, 10) == 0) {
                writer.forget();
            } else {
                writer.keep();
            }
            if (below(random, 30) == 0) writer.begin_round();
        }
        CHECK(writer.edited() > 100);
        CHECK(sink.deltas > 100);
    }
}

TEST_CASE("a wide directory is edited, not written again, when one child changes") {
    Editor editor;
    for (int i = 0; i < 1000; ++i)
        editor.write("/d/n" + std::to_string(i), "v");
    CheckedObjects sink;
    ObjectWriter writer(2000);
    REQUIRE(writer.write_root(sink, editor.tree.root(), whole, true));
    CHECK(writer.edited() == 0);
    for (int i = 0; i < 10; ++i) {
        editor.write("/d/n" + std::to_string(i * 70), std::to_string(i));
        const auto id = writer.write_root(sink, editor.tree.root(), whole, true);
        CHECK(id == from_nothing(editor.tree));
    }
    CHECK(writer.edited() == 20);
    CHECK(sink.deltas == 20);
    // With nothing kept in memory the answer is the same.
    ObjectWriter poor(2001, 0);
    Editor other(*editor.tree.set_value("/d/n5", "x", editor.edit()));
    const auto id = poor.write_root(sink, other.tree.root(), whole, true);
    CHECK(id == from_nothing(other.tree));
    CHECK(poor.edited() == 0);
}

TEST_CASE("a new round writes everything again") {
    Editor editor;
    editor.write("/a/b", "1");
    ObjectWriter writer(2002);
    MemoryObjects first;
    MemoryObjects second;
    const auto id = writer.write_root(first, editor.tree.root(), whole, true);
    writer.begin_round();
    CHECK(*writer.write_root(second, editor.tree.root(), whole, true) == *id);
    CHECK(first.objects == second.objects);
}
