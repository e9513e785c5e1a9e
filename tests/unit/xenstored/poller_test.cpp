#include "xenstored/poller.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace stemma::xenstored;

TEST_CASE("what is ready is reported by its key, level-triggered or once for each edge") {
    auto poller = Poller::create();
    REQUIRE(poller);
    const Descriptor level(::eventfd(0, EFD_CLOEXEC)), edge(::eventfd(0, EFD_CLOEXEC));
    const std::uint64_t large = (std::uint64_t{1} << 56) - 1;
    REQUIRE(poller->add(level.get(), {PollKey::Kind::client, large}, true, false));
    REQUIRE(poller->add_edge(edge.get(), {PollKey::Kind::ring, 5}));
    const auto now = [] { return std::chrono::steady_clock::now(); };
    CHECK(poller->wait(now()).empty());
    const std::uint64_t one = 1;
    for (const auto* fd : {&level, &edge})
        REQUIRE(::write(fd->get(), &one, sizeof one) == sizeof one);
    CHECK(poller->wait(now()).size() == 2);
    auto ready = poller->wait(now());
    REQUIRE(ready.size() == 1);
    CHECK(ready[0].key.kind == PollKey::Kind::client);
    CHECK(ready[0].key.id == large);
    CHECK(ready[0].readable);
    poller->change(level.get(), {PollKey::Kind::client, 1}, false, false);
    CHECK(poller->wait(now()).empty());
    REQUIRE(::write(edge.get(), &one, sizeof one) == sizeof one);
    ready = poller->wait(now());
    REQUIRE(ready.size() == 1);
    CHECK(ready[0].key.kind == PollKey::Kind::ring);
    poller->remove(edge.get());
    REQUIRE(::write(edge.get(), &one, sizeof one) == sizeof one);
    CHECK(poller->wait(now()).empty());
}
