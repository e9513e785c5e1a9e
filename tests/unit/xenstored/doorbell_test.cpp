#include "xenstored/doorbell.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdint>

using namespace stemma::xenstored;

namespace {

std::uint64_t taken(const Descriptor& fd) {
    std::uint64_t count = 0;
    CHECK(::read(fd.get(), &count, sizeof count) == sizeof count);
    return count;
}

}  // namespace

TEST_CASE("each ring adds one, beyond what the kernel keeps of requests that are done") {
    auto bell = Doorbell::make();
    REQUIRE(bell);
    const Descriptor fd(::eventfd(0, EFD_CLOEXEC));
    for (int i = 0; i < 1000; ++i)
        REQUIRE(bell->ring(fd.get()));
    CHECK(taken(fd) == 1000);
    pollfd waiting{fd.get(), POLLIN, 0};
    CHECK(::poll(&waiting, 1, 0) == 0);
    CHECK(bell->ring(fd.get()));
    CHECK(::poll(&waiting, 1, 0) == 1);
}

// A write would wait here for ever, and the test with it.
TEST_CASE("a full counter whose owner made it waiting holds nobody up") {
    auto bell = Doorbell::make();
    REQUIRE(bell);
    const Descriptor fd(::eventfd(0, EFD_CLOEXEC));  // not O_NONBLOCK
    const std::uint64_t full = 0xffff'ffff'ffff'fffe;
    REQUIRE(::write(fd.get(), &full, sizeof full) == sizeof full);
    for (int i = 0; i < 100; ++i)
        CHECK(bell->ring(fd.get()));
    CHECK(taken(fd) >= full);
}

TEST_CASE("what is no eventfd cannot be rung") {
    auto bell = Doorbell::make();
    REQUIRE(bell);
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const Descriptor from(ends[0]), to(ends[1]);
    CHECK_FALSE(bell->ring(to.get()));
    CHECK_FALSE(bell->ring(-1));
    Doorbell moved = std::move(*bell);
    const Descriptor fd(::eventfd(0, EFD_CLOEXEC));
    CHECK(moved.ring(fd.get()));
}
