#include "toolstack/saved_state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "fake_store.hpp"

namespace stemma::toolstack {

namespace {

using Words = std::vector<std::string>;

// What xenstored does, and says that it did.
StoreResult<std::string> write(const Words& words, const std::string& state) {
    CHECK(words.at(0) == "saved-state");
    CHECK(words.at(1) == "nat 0");
    std::ofstream(words.at(2)) << state;
    return std::to_string(state.size()) + '\0';
}
StoreResult<std::string> refuse(xs::Error error) {
    return std::unexpected(StoreError{"control", "saved-state", error});
}

}  // namespace

TEST_CASE("the last network state comes sealed, to be read from its start") {
    FakeStore store;
    store.on_control = [](const Words& words) { return write(words, "abc"); };
    const auto found = find_saved_state(store, "nat 0");
    REQUIRE((found && *found));
    CHECK((*found)->size == 3);
    const int memory = (*found)->memory.get();
    char bytes[8];
    CHECK(::read(memory, bytes, sizeof bytes) == 3);
    CHECK(::write(memory, "x", 1) < 0);
    CHECK((::fcntl(memory, F_GET_SEALS) & F_SEAL_WRITE) != 0);
}

TEST_CASE("nothing saved, another xenstored, and one without history, are no errors") {
    for (const auto error : {xs::Error::enoent, xs::Error::einval, xs::Error::enosys}) {
        FakeStore store;
        store.on_control = [&](const Words&) { return refuse(error); };
        const auto found = find_saved_state(store, "nat 0");
        REQUIRE(found);
        CHECK(!*found);
    }
}

TEST_CASE("a xenstored that was killed before it answered is asked once more") {
    FakeStore store;
    int asked = 0;
    store.on_control = [&](const Words& words) {
        std::ofstream(words.at(2)) << "cut off";
        return ++asked == 1 ? refuse(xs::Error::eagain) : write(words, "whole");
    };
    const auto found = find_saved_state(store, "nat 0");
    REQUIRE((found && *found));
    CHECK((*found)->size == 5);
    store.on_control = [](const Words&) { return refuse(xs::Error::eagain); };
    CHECK(!find_saved_state(store, "nat 0"));
}

TEST_CASE("a state that is not where it was wanted is an error") {
    FakeStore store;
    store.on_control = [](const Words&) -> StoreResult<std::string> {
        return "7" + std::string(1, '\0');
    };
    const auto found = find_saved_state(store, "nat 0");
    REQUIRE(!found);
    CHECK(found.error().cause == "xenstored wrote 7 bytes, and not here");
    store.on_control = [](const Words&) { return refuse(xs::Error::eio); };
    const auto broken = find_saved_state(store, "nat 0");
    REQUIRE(!broken);
    CHECK(broken.error().next == "start it without: stemma create --fresh nat 0");
}

}  // namespace stemma::toolstack
