#include "xenstored/branch.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "xenstored/live_tree.hpp"
#include "xs_wire/path.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using store::Access;

namespace {

store::Permissions owned_by(xs::DomainId id) {
    return {{Access::none, id, id == 0 ? 0u : 1u}};
}

}  // namespace

TEST_CASE("a new live tree is what C begins with, and domain 0's") {
    LiveTree tree(store::Time{});
    CHECK(tree.head().find("/tool/xenstored") != nullptr);
    CHECK(tree.head().find("/.special/@releaseDomain") != nullptr);
    CHECK(tree.counts() == NodeCounts::of_tree(tree.head().root()));
    CHECK(tree.counts().of({}).nodes == 3);  // the special ones count for nobody
}

TEST_CASE("a branch leaves the head alone until it is published") {
    LiveTree tree(store::Time{});
    Branch branch = tree.branch({});
    REQUIRE(branch.create("/a", {store::Bytes("x"), owned_by(3)}));
    CHECK(tree.head().find("/a") == nullptr);
    tree.publish(branch);
    CHECK(tree.head().find("/a")->value() == "x");
    CHECK(tree.counts().of({3, 1}).nodes == 1);
}

TEST_CASE("an edit without its precondition changes nothing") {
    LiveTree tree(store::Time{});
    Branch branch = tree.branch({});
    CHECK_FALSE(branch.create("/no/parent", {{}, owned_by(0)}));
    CHECK_FALSE(branch.create("/tool", {{}, owned_by(0)}));
    CHECK_FALSE(branch.set_value("/none", store::Bytes("x")));
    CHECK_FALSE(branch.set_permissions("/none", owned_by(0)));
    CHECK_FALSE(branch.remove("/none"));
    CHECK_FALSE(branch.remove("/"));
    CHECK(branch.tree().same(tree.head()));
    CHECK(branch.tally().of({}).nodes == 0);
}

TEST_CASE("the counts kept with each edit are those of a count from scratch") {
    std::mt19937 random(11);
    LiveTree tree(store::Time{});
    const auto some_path = [&] {
        std::string path;
        for (auto depth = 1 + random() % 4; depth > 0; --depth)
            path += "/" + std::string(1, static_cast<char>('a' + random() % 3));
        return path;
    };
    for (int step = 0; step < 2000; ++step) {
        Branch branch = tree.branch({});
        for (auto edits = 1 + random() % 3; edits > 0; --edits) {
            const std::string path = some_path();
            const auto owner = owned_by(static_cast<xs::DomainId>(random() % 4));
            switch (random() % 6) {
                case 0:
                    branch.remove(path);
                    break;
                case 1:
                    branch.set_permissions(path, owner);
                    break;
                case 2:
                    if (const auto* other = tree.head().find(some_path())) {
                        if (branch.tree().find(xs::parent(path)) != nullptr) {
                            branch.graft(path, *other);
                        }
                    }
                    break;
                default:
                    branch.create(path, {{}, owner});
            }
        }
        if (random() % 4 != 0) tree.publish(branch);
        REQUIRE(tree.counts() == NodeCounts::of_tree(tree.head().root()));
        if (random() % 50 == 0) {
            Branch clean = tree.branch({});
            for (const char* top : {"/a", "/b", "/c"})
                clean.remove(top);
            tree.publish(clean);
        }
    }
}

TEST_CASE("a node with its missing parents is made as one by one") {
    LiveTree tree({});
    const store::Permissions own{{store::Access::both, 3, 1}, {store::Access::read, 4, 1}};
    Branch one = tree.branch({});
    one.create("/a", {{}, own});
    one.create("/a/b", {{}, own});
    one.create("/a/b/c", {"leaf", own});
    Branch whole = tree.branch({});
    CHECK(whole.create_with_parents("/a/b/c", 1, {"leaf", own}));
    CHECK(whole.tally().of({3, 1}) == one.tally().of({3, 1}));
    CHECK(whole.tally().of({}) == one.tally().of({}));
    CHECK(whole.tree().find("/a/b/c")->value() == "leaf");
    CHECK(whole.tree().find("/a/b")->value().empty());
    CHECK(whole.tree().find("/a")->permissions() == own);
    CHECK(whole.create_with_parents("/a/b/d/e", 4, {"other", own}));
    CHECK(whole.create_with_parents("/a/b/f", 4, {"third", own}));
    CHECK(whole.tree().find("/a/b")->listing() == std::string_view("c\0d\0f\0", 6));
    CHECK_FALSE(whole.create_with_parents("/a/b/c", 4, {"", own}));
    CHECK_FALSE(whole.create_with_parents("/none/b/c", 5, {"", own}));
    const auto generation = whole.tree().find("/a")->generation();
    CHECK(generation != whole.tree().find("/a/b")->generation());
    tree.publish(whole);
    CHECK(tree.counts() == NodeCounts::of_tree(tree.head().root()));
}
