#include "net/waiting_frames.hpp"

#include <catch2/catch.hpp>

#include "bytes.hpp"

using namespace stemma::net;
using namespace stemma::net::test;
using Added = WaitingFrames::Added;

namespace {
std::vector<int> take(WaitingFrames& waiting, Ipv4Address hop) {
    std::vector<int> firsts;
    waiting.take(hop, [&](std::span<std::uint8_t> frame) { firsts.push_back(frame[0]); });
    return firsts;
}
}  // namespace

TEST_CASE("frames wait in order, and only those for the resolved address go") {
    WaitingFrames waiting;
    CHECK(waiting.add({1}, Bytes{10}) == Added::kept);
    CHECK(waiting.add({2}, Bytes{20}) == Added::kept);
    CHECK(waiting.add({1}, Bytes{11}) == Added::kept);
    CHECK(take(waiting, {1}) == std::vector{10, 11});
    CHECK(take(waiting, {1}).empty());
    CHECK(waiting.size() == 1);
}

TEST_CASE("the latest frames for an address are kept, and all together are bounded") {
    WaitingFrames waiting;
    for (std::uint8_t i = 0; i < WaitingFrames::per_hop_max; ++i)
        CHECK(waiting.add({1}, Bytes{i}) == Added::kept);
    CHECK(waiting.add({1}, Bytes{100}) == Added::kept_for_another);
    for (std::uint32_t i = 0; waiting.size() < WaitingFrames::frames_max; ++i)
        CHECK(waiting.add({1000 + i}, Bytes{0}) == Added::kept);
    CHECK(waiting.add({2}, Bytes{0}) == Added::refused);
    CHECK(waiting.add({1}, Bytes{101}) == Added::kept_for_another);
    const auto kept = take(waiting, {1});
    REQUIRE(kept.size() == WaitingFrames::per_hop_max);
    CHECK(kept.front() == 2);
    CHECK(kept.back() == 101);
}
