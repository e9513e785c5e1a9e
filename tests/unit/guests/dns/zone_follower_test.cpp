#include "dns/zone_follower.hpp"

#include <catch2/catch.hpp>

#include "../net/test_port.hpp"
#include "zone_in_store.hpp"

using namespace stemma;
using namespace stemma::dns_test;
using dns::ZoneFollower;

namespace {

struct Rig {
    rt::FakeStore store;
    net::test::TestEntropy entropy;
    ZoneFollower follower{store, entropy, zone_path};
    rt::Instant now{};

    // Until nothing more happens by itself, a second's pauses included.
    void settle() {
        for (int quiet = 0; quiet < 10;) {
            follower.run(now);
            quiet = store.run() == 0 ? quiet + 1 : 0;
            now = now + ZoneFollower::retry_after;
        }
    }
    // Runs until `count` chunks have been asked for; their answers still wait.
    void run_into_chunks(std::size_t count) {
        for (int i = 0; i < 100 && chunks_read() < count; ++i) {
            follower.run(now);
            if (chunks_read() < count) store.step();
        }
    }
    std::size_t chunks_read() const {
        const auto reads = store.requests_by_type.find(xs::MessageType::read);
        return reads == store.requests_by_type.end() || reads->second < 3 ? 0 : reads->second - 3;
    }
    std::string outcome() {
        if (auto zone = follower.take_zone())
            return "zone " + zone->serial + " of " +
                   std::to_string(zone->checked.zone->record_count()) + " records";
        if (auto refusal = follower.take_refusal())
            return "refused " + refusal->serial + ": " + refusal->cause;
        return "nothing";
    }
};

std::string big_zone(int hosts) {
    std::string text = small_zone("10.0.0.1");
    for (int i = 0; i < hosts; ++i)
        text += "host" + std::to_string(i) + " A 10.0.0.1\n";
    return text;
}

}  // namespace

TEST_CASE("a zone is read from its chunks, whatever their size and number") {
    for (const std::size_t chunk : {1U, 7U, 100U, 5000U}) {
        Rig rig;
        put_zone(rig.store, big_zone(50), "1", chunk);
        rig.settle();
        CHECK(rig.outcome() == "zone 1 of 53 records");
        CHECK(rig.outcome() == "nothing");
        CHECK(rig.follower.rereads() == 0);
    }
}

TEST_CASE("no more chunks than the bound are asked for at once") {
    Rig rig;
    put_zone(rig.store, big_zone(500), "1", 20);
    std::size_t most = 0;
    for (int i = 0; i < 3000; ++i) {
        rig.follower.run(rig.now);
        most = std::max(most, rig.store.waiting());
        if (!rig.store.step()) break;
    }
    CHECK(most == ZoneFollower::chunks_at_once);
    CHECK(rig.outcome() == "zone 1 of 503 records");
}

TEST_CASE("a new serial is read, the same one is not") {
    Rig rig;
    put_zone(rig.store, big_zone(1), "1");
    rig.settle();
    CHECK(rig.outcome() == "zone 1 of 4 records");
    put_zone(rig.store, big_zone(2), "2");
    rig.settle();
    CHECK(rig.outcome() == "zone 2 of 5 records");
    const auto before = rig.store.requests;
    rig.store.fire(std::string(zone_path) + "/serial");
    rig.settle();
    CHECK(rig.outcome() == "nothing");
    CHECK(rig.store.requests == before + 3);
    // back to an older serial, as a revert does
    put_zone(rig.store, big_zone(1), "1");
    rig.settle();
    CHECK(rig.outcome() == "zone 1 of 4 records");
}

TEST_CASE("a zone that comes later is read, one that goes is told once") {
    Rig rig;
    rig.settle();
    CHECK(rig.outcome() == "refused : no zone at /stemma/zones/example_2eorg: ENOENT");
    rig.settle();
    CHECK(rig.outcome() == "nothing");
    put_zone(rig.store, big_zone(1), "1");
    rig.settle();
    CHECK(rig.outcome() == "zone 1 of 4 records");
    rig.store.remove(zone_path);
    rig.settle();
    CHECK(rig.outcome() == "refused : no zone at /stemma/zones/example_2eorg: ENOENT");
    put_zone(rig.store, big_zone(1), "1");
    rig.settle();
    CHECK(rig.outcome() == "zone 1 of 4 records");
}

TEST_CASE("a bad copy is refused once, with line and cause, the next good one is taken") {
    Rig rig;
    put_zone(rig.store, small_zone("10.0.0.1", "x A 1.2.3\n"), "1");
    rig.settle();
    CHECK(rig.outcome() == "refused 1: line 5: not an IPv4 address: '1.2.3'");
    rig.store.fire(std::string(zone_path) + "/serial");
    rig.settle();
    CHECK(rig.outcome() == "nothing");
    put_zone(rig.store, small_zone("10.0.0.1", "x CNAME y\nx TXT z\n"), "2");
    rig.settle();
    CHECK(rig.outcome() == "refused 2: line 6: x.example.org.: CNAME and other data");
    put_zone(rig.store, small_zone("10.0.0.1"), "3");
    rig.settle();
    CHECK(rig.outcome() == "zone 3 of 3 records");
}

TEST_CASE("nodes that are wrong or missing are named") {
    struct Case {
        std::string_view node;
        std::string_view value;  // "-" removes it
        std::string_view outcome;
    };
    for (const auto& [node, value, outcome] : {
             Case{"/count", "x", "refused 1: count is not a number up to 4096"},
             {"/count", "4097", "refused 1: count is not a number up to 4096"},
             {"/count", "-", "refused 1: count: ENOENT"},
             {"/count", "9", "refused 1: chunks/0001: ENOENT"},
             {"/count", "0", "refused 1: no SOA for example.org."},
             {"/origin", "a..b", "refused 1: origin: empty label"},
             {"/origin", "-", "refused 1: origin: ENOENT"},
             {"/origin", "example.com.", "zone 1 of 3 records"},  // its names are relative
             {"/chunks/0000", "-", "refused 1: chunks/0000: ENOENT"},
         }) {
        CAPTURE(node, value);
        Rig rig;
        put_zone(rig.store, small_zone("10.0.0.1"), "1");
        const std::string path = std::string(zone_path).append(node);
        if (value == "-")
            rig.store.remove(path);
        else
            rig.store.set(path, value);
        rig.settle();
        CHECK(rig.outcome() == outcome);
    }
}

TEST_CASE("a copy that changes while it is read is read again") {
    Rig rig;
    const auto chunks = put_zone(rig.store, big_zone(200), "1", 50);
    REQUIRE(chunks > 2 * ZoneFollower::chunks_at_once);
    rig.run_into_chunks(20);
    put_zone(rig.store, big_zone(300), "2", 50);
    rig.settle();
    CHECK(rig.outcome() == "zone 2 of 303 records");
    CHECK(rig.outcome() == "nothing");
    CHECK(rig.follower.rereads() == 1);
}

TEST_CASE("errors of a mixture of two copies are not reported") {
    Rig rig;
    put_zone(rig.store, big_zone(200), "1", 50);
    rig.run_into_chunks(20);
    // shorter lines from here on, so that the chunks do not fit together, and fewer of them
    rig.store.remove(std::string(zone_path) + "/chunks");
    put_zone(rig.store, small_zone("10.0.0.2", "\"\n)("), "2", 13);
    put_zone(rig.store, small_zone("10.0.0.2"), "3", 13);
    rig.settle();
    CHECK(rig.outcome() == "zone 3 of 3 records");
    CHECK(rig.outcome() == "nothing");
}

TEST_CASE("a change there and back while reading is noticed too") {
    Rig rig;
    put_zone(rig.store, big_zone(200), "1", 50);
    rig.run_into_chunks(20);
    put_zone(rig.store, big_zone(150), "2", 50);
    rig.store.step();
    put_zone(rig.store, big_zone(200), "1", 50);
    rig.settle();
    CHECK(rig.outcome() == "zone 1 of 203 records");
    CHECK(rig.follower.rereads() == 1);
}

TEST_CASE("at every point of the reading, a change leads to the newest copy") {
    for (int steps = 0; steps < 60; ++steps) {
        CAPTURE(steps);
        Rig rig;
        put_zone(rig.store, big_zone(40), "1", 50);
        for (int i = 0; i < steps; ++i) {
            rig.follower.run(rig.now);
            rig.store.step();
        }
        put_zone(rig.store, big_zone(30), "2", 60);
        std::string last = "nothing";
        for (int i = 0; i < 5; ++i) {
            rig.settle();
            if (const auto now = rig.outcome(); now != "nothing") last = now;
        }
        CHECK(last == "zone 2 of 33 records");
    }
}

TEST_CASE("a store that takes few requests, or none for a while, is waited for") {
    for (const std::size_t room : {3U, 4U, 5U}) {
        Rig rig;
        put_zone(rig.store, big_zone(50), "1");
        rig.store.outstanding_max = room;
        rig.settle();
        CHECK(rig.outcome() == "zone 1 of 53 records");
    }
    Rig rig;
    put_zone(rig.store, big_zone(50), "1");
    rig.store.outstanding_max = 0;
    rig.settle();
    CHECK(rig.outcome() == "nothing");
    CHECK(rig.follower.run(rig.now) == rig.now + ZoneFollower::retry_after);
    rig.store.outstanding_max = 256;
    rig.settle();
    CHECK(rig.outcome() == "zone 1 of 53 records");
}

TEST_CASE("a lost connection is no reason to stop, nor to spin") {
    Rig rig;
    put_zone(rig.store, big_zone(200), "1", 50);
    rig.run_into_chunks(20);
    rig.store.disconnect();
    rig.store.run();
    CHECK(rig.follower.run(rig.now) == rt::Instant::never());
    CHECK(rig.outcome() == "nothing");
}

TEST_CASE("a watch that is denied is told") {
    Rig rig;
    rig.store.fail_next(xs::MessageType::watch, xs::Error::eacces);
    rig.settle();
    CHECK(rig.outcome() == "refused : cannot watch /stemma/zones/example_2eorg: EACCES");
}
