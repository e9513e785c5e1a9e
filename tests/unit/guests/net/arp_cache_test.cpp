#include "net/arp_cache.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "test_port.hpp"

using namespace stemma::net;
using namespace stemma::net::test;
using stemma::rt::Duration;
using stemma::rt::Instant;
using stemma::rt::UtcSeconds;

namespace {

MacAddress mac(std::uint8_t last) {
    return {{2, 0x16, 0x3e, 0, 0, last}};
}
constexpr Ipv4Address address(std::uint32_t last) {
    return {0x0a000000 + last};
}

struct RecordingLink : ArpLink {
    struct Asked {
        Ipv4Address target;
        std::optional<MacAddress> known;
    };
    std::vector<Asked> asked;
    std::vector<Ipv4Address> resolved_addresses;
    std::vector<Ipv4Address> failed;

    void request(Ipv4Address target, const MacAddress* known) override {
        asked.push_back({target, known ? std::optional(*known) : std::nullopt});
    }
    void resolved(Ipv4Address a, const MacAddress&, Instant) override {
        resolved_addresses.push_back(a);
    }
    void unresolved(Ipv4Address a) override { failed.push_back(a); }
};

struct Cache {
    explicit Cache(const ArpCache::Options& options = {}) : arp(link, entropy, options) {}

    RecordingLink link;
    TestEntropy entropy;
    ArpCache arp;
    TestClock clock;

    Instant now() { return clock.now(); }
    std::optional<ArpChange> change() { return arp.next_change(clock.now(), clock.utc()); }
    void wait(Duration by) {
        clock.advance(by);
        arp.run(clock.now());
    }
};

}  // namespace

TEST_CASE("an unknown address is asked for once a second, three times, by broadcast") {
    Cache c;
    CHECK(c.arp.resolve(address(2), c.now()).waiting);
    CHECK(c.arp.resolve(address(2), c.now()).waiting);
    REQUIRE(c.link.asked.size() == 1);
    CHECK(c.link.asked[0].target == address(2));
    CHECK(!c.link.asked[0].known);
    c.wait(Duration::milliseconds(999));
    CHECK(c.link.asked.size() == 1);
    c.wait(Duration::milliseconds(1));
    CHECK(c.link.asked.size() == 2);
    c.wait(Duration::seconds(1));
    CHECK(c.link.asked.size() == 3);
    CHECK(c.link.failed.empty());
    c.wait(Duration::seconds(1));
    CHECK(c.link.asked.size() == 3);
    CHECK(c.link.failed == std::vector{address(2)});
    CHECK(c.arp.size() == 0);
    CHECK(c.arp.incomplete() == 0);
}

TEST_CASE("an answer resolves an address that was asked for, and tells so once") {
    Cache c;
    c.arp.resolve(address(2), c.now());
    c.arp.learn(address(2), mac(2), false, c.now());
    CHECK(c.link.resolved_addresses == std::vector{address(2)});
    const auto found = c.arp.resolve(address(2), c.now());
    REQUIRE(found.mac);
    CHECK(*found.mac == mac(2));
    c.arp.learn(address(2), mac(2), false, c.now());
    CHECK(c.link.resolved_addresses.size() == 1);
    CHECK(c.arp.incomplete() == 0);
}

TEST_CASE("an ARP packet that was not for us makes no entry but corrects one") {
    Cache c;
    c.arp.learn(address(2), mac(2), false, c.now());
    CHECK(!c.arp.find(address(2)));
    c.arp.learn(address(2), mac(2), true, c.now());
    c.arp.learn(address(2), mac(3), false, c.now());
    REQUIRE(c.arp.find(address(2)));
    CHECK(*c.arp.find(address(2)) == mac(3));
}

TEST_CASE("a stale entry in use asks its holder twice, then everybody, and is dropped") {
    Cache c;
    c.arp.learn(address(2), mac(2), true, c.now());
    c.wait(Duration::seconds(59));
    CHECK(c.arp.resolve(address(2), c.now()).mac);
    CHECK(c.link.asked.empty());
    c.wait(Duration::seconds(1));
    for (int i = 0; i < 3; ++i) {
        CHECK(c.arp.resolve(address(2), c.now()).mac);
        CHECK(c.link.asked.size() == static_cast<std::size_t>(i + 1));
        c.wait(Duration::seconds(1));
    }
    REQUIRE(c.link.asked.size() == 3);
    CHECK(c.link.asked[0].known == mac(2));
    CHECK(c.link.asked[1].known == mac(2));
    CHECK(!c.link.asked[2].known);
    CHECK(!c.arp.find(address(2)));
}

TEST_CASE("a stale entry that is confirmed lives on, one that is not used ends") {
    Cache c;
    c.arp.learn(address(2), mac(2), true, c.now());
    c.arp.learn(address(3), mac(3), true, c.now());
    c.wait(Duration::seconds(61));
    CHECK(c.arp.use(address(2), c.now()));
    c.arp.learn(address(2), mac(2), false, c.now());
    c.wait(Duration::seconds(59));
    CHECK(c.arp.find(address(2)));
    CHECK(!c.arp.find(address(3)));
    CHECK(c.link.failed.empty());
}

TEST_CASE("at the bound of incomplete entries a new address is refused and nothing gives way") {
    Cache c({.capacity = 8, .incomplete_max = 4});
    c.arp.learn(address(1), mac(1), true, c.now());
    for (std::uint32_t i = 10; i < 14; ++i)
        CHECK(c.arp.resolve(address(i), c.now()).waiting);
    const auto refused = c.arp.resolve(address(14), c.now());
    CHECK(!refused.waiting);
    CHECK(!refused.mac);
    CHECK(c.link.asked.size() == 4);
    CHECK(c.arp.find(address(1)));
}

TEST_CASE("at capacity an entry not used lately gives way to a new one") {
    Cache c({.capacity = 8, .incomplete_max = 4});
    for (std::uint8_t i = 0; i < 8; ++i)
        c.arp.learn(address(i), mac(i), true, c.now());
    for (std::uint8_t i = 8; i < 100; ++i) {
        CHECK(c.arp.use(address(0), c.now()));
        c.arp.learn(address(i), mac(i), true, c.now());
        CHECK(c.arp.size() == 8);
        CHECK(c.arp.find(address(i)));
    }
}

TEST_CASE(
    "the mirror is told of new, moved and ended entries, and of an expiry only when far off") {
    Cache c;
    c.arp.resolve(address(9), c.now());
    CHECK(!c.arp.has_changes());
    c.arp.learn(address(2), mac(2), true, c.now());
    auto change = c.change();
    REQUIRE(change);
    CHECK(change->address == address(2));
    CHECK(!change->before);
    CHECK(change->now_shown == ShownArpEntry{mac(2), {1'700'000'060}});
    CHECK(!c.arp.has_changes());

    c.wait(Duration::seconds(29));
    c.arp.learn(address(2), mac(2), false, c.now());
    CHECK(!c.arp.has_changes());
    c.wait(Duration::seconds(1));
    c.arp.learn(address(2), mac(2), false, c.now());
    change = c.change();
    REQUIRE(change);
    CHECK(change->before == ShownArpEntry{mac(2), {1'700'000'060}});
    CHECK(change->now_shown == ShownArpEntry{mac(2), {1'700'000'090}});

    c.arp.learn(address(2), mac(3), false, c.now());
    change = c.change();
    REQUIRE(change);
    CHECK(change->now_shown->mac == mac(3));

    c.wait(Duration::seconds(120));
    change = c.change();
    REQUIRE(change);
    CHECK(change->address == address(2));
    CHECK(!change->now_shown);
    CHECK(!c.arp.shown(address(2)));
    CHECK(!c.arp.has_changes());
}

TEST_CASE("an entry that came and went before the mirror looked is not told") {
    Cache c;
    c.arp.learn(address(2), mac(2), true, c.now());
    c.arp.remove_from_store(address(2));
    CHECK(!c.change());
    CHECK(!c.arp.has_changes());
}

TEST_CASE("an entry written into the store resolves at once and is not written back") {
    Cache c;
    c.arp.resolve(address(2), c.now());
    const ShownArpEntry entry{mac(7), {c.clock.utc().seconds + 10}};
    CHECK(c.arp.set_from_store(address(2), entry, c.now(), c.clock.utc()));
    CHECK(c.link.resolved_addresses == std::vector{address(2)});
    CHECK(!c.arp.has_changes());
    CHECK(c.arp.shown(address(2)) == entry);
    CHECK(c.arp.incomplete() == 0);
    c.wait(Duration::seconds(9));
    c.arp.use(address(2), c.now());
    CHECK(c.link.asked.size() == 1);
    c.wait(Duration::seconds(1));
    c.arp.use(address(2), c.now());
    CHECK(c.link.asked.size() == 2);

    CHECK(!c.arp.set_from_store(address(3), {mac(3), c.clock.utc()}, c.now(), c.clock.utc()));
    CHECK(!c.arp.find(address(3)));
    CHECK(c.arp.set_from_store(address(3), {mac(3), {INT64_MAX}}, c.now(), c.clock.utc()));
    CHECK(c.arp.find(address(3)));
}

TEST_CASE("an entry removed from the store is forgotten, and what makes no sense is put right") {
    Cache c;
    c.arp.learn(address(2), mac(2), true, c.now());
    c.change();
    c.arp.remove_from_store(address(2));
    CHECK(!c.arp.find(address(2)));
    CHECK(!c.arp.has_changes());

    c.arp.correct_store(address(2), c.now());
    auto change = c.change();
    REQUIRE(change);
    CHECK(change->address == address(2));
    CHECK(!change->now_shown);
    CHECK(!c.arp.shown(address(2)));

    c.arp.learn(address(3), mac(3), true, c.now());
    c.change();
    c.arp.correct_store(address(3), c.now());
    change = c.change();
    REQUIRE(change);
    CHECK(change->now_shown->mac == mac(3));
}

TEST_CASE("a refused entry is told again only when asked, a restored one at once") {
    Cache c;
    c.arp.learn(address(2), mac(2), true, c.now());
    c.change();
    c.arp.refused(address(2));
    CHECK(!c.arp.shown(address(2)));
    c.arp.learn(address(2), mac(2), false, c.now());
    CHECK(!c.arp.has_changes());
    c.arp.retry_refused(1, c.now());
    CHECK(c.change());

    CHECK(
        c.arp.restore(address(4), {mac(4), {c.clock.utc().seconds + 30}}, c.now(), c.clock.utc()));
    const auto change = c.change();
    REQUIRE(change);
    CHECK(!change->before);
    CHECK(change->now_shown->mac == mac(4));
}

TEST_CASE("after any sequence of events the mirrored view equals the entries") {
    for (unsigned seed = 0; seed < 40; ++seed) {
        Cache c({.capacity = 8, .incomplete_max = 3});
        std::mt19937 random(seed);
        std::map<Ipv4Address, MacAddress> store;
        for (int step = 0; step < 600; ++step) {
            const auto a = address(static_cast<std::uint32_t>(random() % 14));
            const auto m = mac(static_cast<std::uint8_t>(random() % 3));
            switch (random() % 9) {
                case 0:
                    c.wait(Duration::milliseconds(static_cast<std::int64_t>(random() % 40'000)));
                    break;
                case 1:
                    c.arp.learn(a, m, random() % 2 == 0, c.now());
                    break;
                case 2:
                    c.arp.resolve(a, c.now());
                    break;
                case 3:
                    if (c.arp.set_from_store(a, {m, {c.clock.utc().seconds + 20}}, c.now(),
                                             c.clock.utc()))
                        store[a] = m;
                    break;
                case 4:
                    store.erase(a);
                    c.arp.remove_from_store(a);
                    break;
                case 5:
                    c.arp.use(a, c.now());
                    break;
                default:
                    if (const auto change = c.change()) {
                        CHECK(change->before.has_value() == store.contains(change->address));
                        if (change->now_shown)
                            store[change->address] = change->now_shown->mac;
                        else
                            store.erase(change->address);
                    }
            }
            CHECK(c.arp.size() <= 8);
            CHECK(c.arp.incomplete() <= 3);
        }
        while (const auto change = c.change()) {
            if (change->now_shown)
                store[change->address] = change->now_shown->mac;
            else
                store.erase(change->address);
        }
        std::map<Ipv4Address, MacAddress> entries;
        for (std::uint32_t i = 0; i < 14; ++i) {
            if (const auto* found = c.arp.find(address(i))) entries[address(i)] = *found;
        }
        CHECK(entries == store);
        std::size_t cursor = 0;
        std::size_t shown = 0;
        while (c.arp.next_shown(cursor))
            ++shown;
        CHECK(shown == store.size());
    }
}
