#include "probe/followed_node.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"

using stemma::probe::FollowedNode;
using stemma::rt::Duration;
using stemma::rt::FakeStore;
using stemma::rt::Instant;
namespace xs = stemma::xs;

namespace {
struct Rig {
    FakeStore store;
    FollowedNode node{store};
    Instant now{0};
    std::optional<std::string> settle() {
        for (int i = 0; i < 5; ++i) {
            node.run(now);
            store.run();
        }
        return node.take();
    }
};
}  // namespace

TEST_CASE("a followed node tells each new value once") {
    Rig r;
    r.store.set("/names", "a");
    r.node.follow("/names");
    CHECK(r.settle() == "a");
    CHECK(!r.settle());
    r.store.set("/names", "b");
    CHECK(r.settle() == "b");
    r.store.set("/names", "b");
    CHECK(!r.settle());
    r.store.remove("/names");
    CHECK(!r.settle());
    r.store.set("/names", "b");
    CHECK(r.settle() == "b");
}

TEST_CASE("a value that changes while it is read is read again") {
    Rig r;
    r.store.set("/names", "a");
    r.node.follow("/names");
    r.node.run(r.now);
    r.store.run();      // the watch's own event
    r.node.run(r.now);  // READ goes out
    r.store.set("/names", "b");
    CHECK(r.settle() == "b");
}

TEST_CASE("another node may be followed, and the former is forgotten") {
    Rig r;
    r.store.set("/a", "1");
    r.store.set("/b", "2");
    r.node.follow("/a");
    r.node.run(r.now);
    r.store.run();
    r.node.run(r.now);
    r.node.follow("/b");
    CHECK(r.settle() == "2");
    r.store.set("/a", "3");
    CHECK(!r.settle());
    r.node.follow("");
    r.store.set("/b", "4");
    CHECK(!r.settle());
}

TEST_CASE("a watch that the store refuses is asked for again a second later") {
    Rig r;
    r.store.set("/names", "a");
    r.store.outstanding_max = 0;
    r.node.follow("/names");
    CHECK(r.node.run(r.now) == r.now + Duration::seconds(1));
    r.store.outstanding_max = 16;
    CHECK(!r.settle());
    r.now = r.now + Duration::seconds(1);
    CHECK(r.settle() == "a");
}
