#include "nat/fragment_cache.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace stemma::nat {

namespace {

using Fate = FragmentCache::Fate;

FragmentCache::Key key(std::uint16_t identification, Side from = Side::inside) {
    return {from, {0x0a000102}, {0x0a000035}, identification, Protocol::udp};
}

constexpr FragmentCache::Rewrite rewrite{Side::outside, {0x0a000001}, {0x0a000035}, 99};

std::vector<std::uint8_t> bytes(std::size_t size, std::uint8_t fill) {
    return std::vector<std::uint8_t>(size, fill);
}

}  // namespace

TEST_CASE("What follows the first fragment has its fate") {
    FragmentCache cache;
    const rt::Instant now{0};
    CHECK_FALSE(cache.first_forwarded(key(1), rewrite, now));
    const auto decision = cache.later_fragment(key(1), bytes(20, 1), now);
    CHECK(decision.fate == Fate::forward);
    CHECK(decision.rewrite.identification == 99);
    CHECK(cache.first_dropped(key(2), now) == 0);
    CHECK(cache.later_fragment(key(2), bytes(20, 1), now).fate == Fate::dropped);
}

TEST_CASE("What comes before the first waits for it and leaves in order") {
    FragmentCache cache;
    const rt::Instant now{0};
    CHECK(cache.later_fragment(key(1), bytes(30, 3), now).fate == Fate::held);
    CHECK(cache.later_fragment(key(1), bytes(20, 2), now).fate == Fate::held);
    CHECK(cache.later_fragment(key(2), bytes(10, 9), now).fate == Fate::held);
    CHECK(cache.held() == 3);
    CHECK(cache.next_released().empty());
    CHECK(cache.first_forwarded(key(1), rewrite, now));
    const auto first = cache.next_released();
    CHECK(std::vector(first.begin(), first.end()) == bytes(30, 3));
    const auto second = cache.next_released();
    CHECK(std::vector(second.begin(), second.end()) == bytes(20, 2));
    CHECK(cache.next_released().empty());
    CHECK(cache.held() == 1);
    CHECK(cache.first_dropped(key(2), now) == 1);
    CHECK(cache.held() == 0);
}

TEST_CASE("A datagram is forgotten after its lifetime, with what waited for it") {
    FragmentCache cache;
    const rt::Instant now{0};
    CHECK(cache.later_fragment(key(1), bytes(30, 3), now).fate == Fate::held);
    const rt::Instant later = now + FragmentCache::lifetime;
    CHECK_FALSE(cache.first_forwarded(key(1), rewrite, later));
    CHECK(cache.next_released().empty());
    CHECK(cache.held() == 0);
}

TEST_CASE("Each bound of the fragments that wait drops the next one") {
    FragmentCache cache;
    const rt::Instant now{0};
    CHECK(cache.later_fragment(key(1), bytes(FragmentCache::held_bytes + 1, 1), now).fate ==
          Fate::dropped);
    for (std::size_t i = 0; i < FragmentCache::held_per_datagram; ++i)
        REQUIRE(cache.later_fragment(key(1), bytes(9, 1), now).fate == Fate::held);
    CHECK(cache.later_fragment(key(1), bytes(9, 1), now).fate == Fate::dropped);
    std::size_t held = FragmentCache::held_per_datagram;
    for (std::uint16_t id = 2; held < FragmentCache::held_per_side; ++id, ++held)
        REQUIRE(cache.later_fragment(key(id), bytes(9, 1), now).fate == Fate::held);
    CHECK(cache.later_fragment(key(60), bytes(9, 1), now).fate == Fate::dropped);
    // the other side has room of its own
    CHECK(cache.later_fragment(key(60, Side::outside), bytes(9, 1), now).fate == Fate::held);
}

TEST_CASE("A flood of datagrams forgets the oldest and holds no more than the bound") {
    FragmentCache cache;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        const rt::Instant now{static_cast<std::int64_t>(i)};
        cache.later_fragment(key(static_cast<std::uint16_t>(i)), bytes(9, 1), now);
        REQUIRE(cache.held() <= FragmentCache::held_per_side);
    }
    const rt::Instant now{10'000};
    CHECK(cache.first_forwarded(key(9'999), rewrite, now));
    CHECK_FALSE(cache.first_forwarded(key(9'000), rewrite, now));
}

}  // namespace stemma::nat
