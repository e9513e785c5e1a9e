#include "xenstored/place.hpp"

#include <catch2/catch.hpp>

#include "xenstored/live_tree.hpp"

using namespace stemma::xenstored;

TEST_CASE("a path is located with its nearest existing ancestor") {
    LiveTree tree(stemma::store::Time{});
    const auto& root = tree.head().root();
    const struct {
        std::string_view path;
        bool exists;
        std::size_t nearest;
    } cases[] = {{"/", true, 1},
                 {"/tool", true, 5},
                 {"/tool/xenstored", true, 15},
                 {"/none", false, 1},
                 {"/none/below", false, 1},
                 {"/tool/none", false, 5},
                 {"/tool/x/y/z", false, 5},
                 {"/too", false, 1}};
    for (const auto& c : cases) {
        CAPTURE(c.path);
        const Place place = locate(root, c.path);
        CHECK((place.node != nullptr) == c.exists);
        CHECK(place.nearest_length == c.nearest);
        CHECK(place.nearest == tree.head().find(c.path.substr(0, c.nearest)));
    }
    CHECK(locate(root, "/tool/xenstored").parent == tree.head().find("/tool"));
    CHECK(locate(root, "/").parent == &root);
}

TEST_CASE("nobody sees where the special nodes live") {
    LiveTree tree(stemma::store::Time{});
    using namespace std::string_view_literals;
    CHECK(visible_names(tree.head().root(), true) == "tool\0"sv);
    CHECK(visible_names(*tree.head().find("/tool"), false) == "xenstored\0"sv);
}
