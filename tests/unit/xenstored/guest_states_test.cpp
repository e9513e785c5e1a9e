#include "xenstored/guest_states.hpp"

#include <catch2/catch.hpp>

#include "temporary_directory.hpp"

using namespace stemma;
using namespace stemma::xenstored;

namespace {

store::Tree tree_of(const std::string& value) {
    store::Edit edit;
    edit.number = edit.generation = 1;
    return *store::Tree().create("/arp", {store::Bytes(value), {{store::Access::none, 5, 0}}},
                                 edit);
}

}  // namespace

TEST_CASE("a state is at hand until it is on disk, and stays there when the disk fails") {
    xenstored::test::TemporaryDirectory directory;
    const auto publisher = store::Publisher::open({.repository = directory.file("store.git")});
    REQUIRE(publisher);
    GuestStates states(**publisher);
    const auto at_hand = [&](const std::string& name) -> std::string {
        const auto* const state = states.unpublished(name);
        return state == nullptr ? "none" : std::string(state->child("arp")->value());
    };
    CHECK(at_hand("nat") == "none");
    const auto first = tree_of("one"), second = tree_of("two");
    const auto earlier = states.save("nat", first.root(), {});
    CHECK(at_hand("nat") == "one");
    CHECK(at_hand("na") == "none");
    const auto later = states.save("nat", second.root(), {});
    states.completed({earlier, store::CommitId()});
    CHECK(at_hand("nat") == "two");
    states.completed({later, std::unexpected(store::Error{store::Error::Kind::disk, "write pack",
                                                          "here", "full"})});
    CHECK(at_hand("nat") == "two");
    states.completed({later, store::CommitId()});
    CHECK(at_hand("nat") == "none");
}

TEST_CASE("a state as deep as a guest may make it is written whole") {
    store::Tree tree;
    store::Edit edit;
    std::string path;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        edit.number = edit.generation = i;
        path += "/a";
        tree = *tree.create(path, {{}, {{store::Access::none, 5, 0}}}, edit);
    }
    const std::string bytes = guest_state_bytes(tree.root());
    CHECK(bytes.size() == 4 + 1999);
    CHECK(bytes.substr(0, 4) == std::string("\xcf\x07\0\0", 4));
    CHECK(guest_state_bytes(store::Tree().root()).empty());
}
