#include "nat/mapping_mirror.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "fake_store.hpp"
#include "packets.hpp"
#include "rt/clock.hpp"
#include "rt/mirror.hpp"

namespace stemma::nat {

using namespace test;

namespace {

struct HandClock final : rt::Clock {
    rt::Instant now() override { return at; }
    rt::UtcSeconds utc() override {
        return {1'700'000'000 + at.nanoseconds / 1'000'000'000 + step};
    }
    rt::Instant at{};
    std::int64_t step = 0;  // of the wall clock alone
};

struct Lines final : rt::Console {
    void line(std::string_view text) override { lines.emplace_back(text); }
    std::vector<std::string> lines;
};

// A table and its mirror on a store that others can change.
struct Rig {
    explicit Rig(const FlowTableOptions& options = {}, rt::Duration age = {})
        : table(options, entropy, 0),
          source(table, {*net::parse_interface("10.0.1.1/24"), endpoint("10.0.0.1").address, age},
                 entropy, console),
          mirror(store, clock, source, {.directory = "data/net/nat"}) {
        table.set_listener(&source);
        settle();
    }

    Tick tick() const { return static_cast<Tick>(clock.at.nanoseconds / 1'000'000'000); }
    void step(rt::Duration duration) {
        clock.at = clock.at + duration;
        source.set_now(clock.at, tick(), clock.utc());
        table.expire(tick(), 1'000'000);
        source.run();
        mirror.run(clock.at);
        store.run();
    }
    void settle() {
        for (int i = 0; i < 200; ++i)
            step(rt::Duration::milliseconds(10));
        CHECK(mirror.idle());
    }
    void pass(int seconds) {
        for (int i = 0; i < seconds * 4; ++i)
            step(rt::Duration::milliseconds(250));
    }
    SessionId open(const InsideEndpoint& inside, const char* remote, TcpState state = {}) {
        source.set_now(clock.at, tick(), clock.utc());
        const auto at =
            session_remote(table.options().filtering, inside.protocol, endpoint(remote));
        const auto opened = table.open(inside, at, state, tick());
        REQUIRE(opened);
        return *opened;
    }
    std::optional<std::string> value(const std::string& path) const {
        return store.value("data/net/nat/" + path);
    }
    // Every leaf below data/net/nat.
    std::map<std::string, std::string> leaves() const {
        std::map<std::string, std::string> all;
        for (const auto& [path, text] : store.tree()) {
            if (path.starts_with("data/net/nat/") && !text.empty()) all[path.substr(13)] = text;
        }
        return all;
    }
    std::string expiry(std::int64_t seconds) const {
        return std::to_string(1'700'000'000 + seconds);
    }

    SeededEntropy entropy;
    HandClock clock;
    Lines console;
    rt::FakeStore store;
    FlowTable table;
    MappingMirror source;
    rt::Mirror mirror;
};

InsideEndpoint at(std::string_view text, Protocol protocol = Protocol::udp) {
    return {endpoint(text).address, endpoint(text).port, protocol};
}

}  // namespace

TEST_CASE("A mapping comes to the store and goes with its end") {
    Rig rig;
    rig.open(at("10.0.1.2:4000"), "10.0.0.53:53");
    rig.settle();
    CHECK(rig.value("udp/10/0/1/2/20/4000") == "10.0.0.1:4000 active 10.0.0.53 " + rig.expiry(303));
    rig.pass(310);
    CHECK(rig.table.mapping_count() == 0);
    CHECK(rig.leaves().empty());
    // its directory of ports went with it
    CHECK_FALSE(rig.value("udp/10/0/1/2/20"));
    CHECK(rig.mirror.idle());
    CHECK(rig.mirror.stats().foreign == 0);
}

TEST_CASE("Only mappings older than the age are written") {
    Rig rig({}, rt::Duration::seconds(2));
    rig.open(at("10.0.1.2:4000"), "10.0.0.53:53");
    rig.open(at("10.0.1.2:4001"), "10.0.0.53:53");
    rig.step(rt::Duration::milliseconds(1900));
    CHECK(rig.leaves().empty());
    rig.table.remove(rig.table.find_inside(at("10.0.1.2:4001")));
    rig.settle();
    CHECK(rig.leaves().size() == 1);
    CHECK(rig.mirror.stats().inserted == 1);
}

TEST_CASE("A new state and a new remote are written, an expiry only when far off") {
    Rig rig(FlowTableOptions{
        .limits = {}, .timeouts = {}, .filtering = Filtering::address_and_port_dependent});
    const auto x = at("10.0.1.2:4000", Protocol::tcp);
    const auto session = rig.open(x, "10.0.0.53:80", TcpState::inside_syn);
    rig.settle();
    const std::string path = "tcp/10/0/1/2/20/4000";
    CHECK(rig.value(path) == "10.0.0.1:4000 opening 10.0.0.53:80 " + rig.expiry(243));
    rig.table.set_state(session, TcpState::established, rig.tick());
    rig.settle();
    const auto established = "10.0.0.1:4000 established 10.0.0.53:80 " + rig.expiry(7445);
    CHECK(rig.value(path) == established);
    const auto changes = rig.mirror.stats().changes;
    for (int i = 0; i < 3600; ++i) {
        rig.pass(1);
        rig.table.refresh(session, rig.tick());
    }
    CHECK(rig.value(path) == established);
    CHECK(rig.mirror.stats().changes == changes);
    for (int i = 0; i < 2000; ++i) {
        rig.pass(1);
        rig.table.refresh(session, rig.tick());
    }
    CHECK(rig.value(path) != established);
    CHECK(rig.mirror.stats().changes == changes + 1);
    rig.table.set_state(session, TcpState::reset, rig.tick());
    rig.settle();
    CHECK_THAT(*rig.value(path), Catch::StartsWith("10.0.0.1:4000 closing 10.0.0.53:80 "));
}

TEST_CASE("What the store shows of a living mapping has never expired") {
    Rig rig;
    const auto session = rig.open(at("10.0.1.2:4000"), "10.0.0.53:53");
    rig.settle();
    Random random(6);
    for (int round = 0; round < 200; ++round) {
        rig.pass(static_cast<int>(1 + random() % 250));
        const auto text = rig.value("udp/10/0/1/2/20/4000");
        REQUIRE(text);
        REQUIRE(std::stoll(text->substr(text->rfind(' ') + 1)) > rig.clock.utc().seconds);
        rig.table.refresh(session, rig.tick());
    }
}

TEST_CASE("A stepped wall clock ends nothing") {
    Rig rig;
    const auto session = rig.open(at("10.0.1.2:4000"), "10.0.0.53:53");
    rig.settle();
    rig.clock.step = 86'400;
    rig.pass(100);
    rig.table.refresh(session, rig.tick());
    rig.pass(100);
    CHECK(rig.table.mapping_count() == 1);
    const auto text = rig.value("udp/10/0/1/2/20/4000");
    REQUIRE(text);
    // and the store follows the clock
    CHECK(std::stoll(text->substr(text->rfind(' ') + 1)) > rig.clock.utc().seconds);
    rig.clock.step = -86'400;
    rig.table.refresh(session, rig.tick());
    rig.pass(200);
    CHECK(rig.table.mapping_count() == 1);
}

TEST_CASE("A mapping that ended and came back in another place of the table keeps its leaf") {
    Rig rig;
    rig.open(at("10.0.1.2:4000"), "10.0.0.53:53");
    rig.settle();
    const auto first = rig.table.find_inside(at("10.0.1.2:4000"));
    rig.table.remove(first);
    rig.open(at("10.0.1.3:4001"), "10.0.0.53:53");
    SECTION("from inside") {
        rig.open(at("10.0.1.2:4000"), "10.0.0.53:53");
    }
    SECTION("from the store, before the mirror took the removal") {
        rig.source.foreign("udp/10/0/1/2/20/4000",
                           "10.0.0.1:4000 active 10.0.0.53 " + rig.expiry(303));
    }
    REQUIRE(rig.table.find_inside(at("10.0.1.2:4000")) != no_flow);
    REQUIRE(rig.table.find_inside(at("10.0.1.2:4000")) != first);
    rig.settle();
    CHECK(rig.leaves().size() == 2);
    CHECK(rig.value("udp/10/0/1/2/20/4000"));
    CHECK(rig.value("udp/10/0/1/3/20/4001"));
}

TEST_CASE("The directory of ports is known by what is shown below it") {
    Rig rig;
    std::string value;
    CHECK(rig.source.held("udp/10/0/1/2/20", value) == rt::MirrorSource::Held::absent);
    rig.open(at("10.0.1.2:4000"), "10.0.0.53:53");
    rig.settle();
    CHECK(rig.source.held("udp/10/0/1/2/20", value) == rt::MirrorSource::Held::not_an_entry);
    CHECK(rig.source.held("udp/10/0/1/2", value) == rt::MirrorSource::Held::not_an_entry);
    CHECK(rig.source.held("rubbish", value) == rt::MirrorSource::Held::not_an_entry);
    std::uint64_t cursor = 0;
    std::string path;
    CHECK(rig.source.next_below("udp/10/0/1/2/20", cursor, path));
    CHECK(path == "udp/10/0/1/2/20/4000");
    CHECK_FALSE(rig.source.next_below("udp/10/0/1/2/20", cursor, path));
    for (const char* directory : {"", "udp", "udp/10", "udp/10/0/1/2", "udp/10/0/1/2/20/4000"}) {
        cursor = 0;
        CAPTURE(directory);
        CHECK(rig.source.next_below(directory, cursor, path));
        CHECK_FALSE(rig.source.next_below(directory, cursor, path));
    }
    for (const char* directory : {"tcp", "udp/11", "udp/10/0/1/3", "udp/10/0/1/2/21", "u", "/"}) {
        cursor = 0;
        CAPTURE(directory);
        CHECK_FALSE(rig.source.next_below(directory, cursor, path));
    }
}

TEST_CASE("A leaf that others remove ends its mapping, and a directory all below it") {
    Rig rig;
    for (const char* text : {"10.0.1.2:4000", "10.0.1.2:4001", "10.0.1.2:9000", "10.0.1.3:4000"})
        rig.open(at(text), "10.0.0.53:53");
    rig.settle();
    CHECK(rig.leaves().size() == 4);
    const auto changes = rig.mirror.stats().changes;
    rig.store.remove("data/net/nat/udp/10/0/1/2/20/4000");
    rig.settle();
    CHECK(rig.table.find_inside(at("10.0.1.2:4000")) == no_flow);
    CHECK(rig.table.mapping_count() == 3);
    CHECK(rig.source.counters().foreign_removed == 1);
    rig.store.remove("data/net/nat/udp/10/0/1/2");
    rig.settle();
    CHECK(rig.table.mapping_count() == 1);
    CHECK(rig.table.find_inside(at("10.0.1.3:4000")) != no_flow);
    CHECK(rig.leaves().size() == 1);
    rig.store.remove("data/net/nat");
    rig.settle();
    CHECK(rig.table.mapping_count() == 0);
    // what is gone already is not removed again
    CHECK(rig.mirror.stats().changes == changes);
}

TEST_CASE("A leaf that others add is a mapping") {
    Rig rig;
    const auto expiry = rig.expiry(200);
    rig.store.set("data/net/nat/tcp/10/0/1/2/20/4000",
                  "10.0.0.1:5000 established 10.0.0.53:80 " + expiry);
    rig.store.set("data/net/nat/tcp/10/0/1/3/0/80", "10.0.0.1:8080 static 0");
    rig.settle();
    CHECK(rig.source.counters().foreign_added == 2);
    const auto id = rig.table.find_inside(at("10.0.1.2:4000", Protocol::tcp));
    REQUIRE(id != no_flow);
    CHECK(rig.table.mapping(id).outside_port == 5000);
    CHECK(rig.table.mapping(id).adopts_streams);
    const auto forwarded = rig.table.find_outside(Protocol::tcp, 8080);
    REQUIRE(forwarded != no_flow);
    CHECK(rig.table.mapping(forwarded).is_static);
    // as they were written
    CHECK(rig.value("tcp/10/0/1/2/20/4000") == "10.0.0.1:5000 established 10.0.0.53:80 " + expiry);
    CHECK(rig.value("tcp/10/0/1/3/0/80") == "10.0.0.1:8080 static 0");
    rig.pass(10'000);
    CHECK(rig.table.mapping_count() == 1);
    CHECK(rig.value("tcp/10/0/1/3/0/80") == "10.0.0.1:8080 static 0");
}

TEST_CASE("A leaf that others change moves its mapping, ends it sooner, or makes it static") {
    Rig rig;
    rig.open(at("10.0.1.2:4000"), "10.0.0.53:53");
    rig.open(at("10.0.1.3:4001"), "10.0.0.53:53");
    rig.settle();
    const std::string path = "data/net/nat/udp/10/0/1/2/20/4000";
    const auto id = rig.table.find_inside(at("10.0.1.2:4000"));
    SECTION("another port") {
        rig.store.set(path, "10.0.0.1:6000 active 10.0.0.53 " + rig.expiry(304));
        rig.settle();
        CHECK(rig.table.mapping(id).outside_port == 6000);
        CHECK(rig.value("udp/10/0/1/2/20/4000") ==
              "10.0.0.1:6000 active 10.0.0.53 " + rig.expiry(304));
    }
    SECTION("a port that another has: put back") {
        rig.store.set(path, "10.0.0.1:4001 active 10.0.0.53 " + rig.expiry(304));
        rig.settle();
        CHECK(rig.table.mapping(id).outside_port == 4000);
        CHECK_THAT(*rig.value("udp/10/0/1/2/20/4000"),
                   Catch::StartsWith("10.0.0.1:4000 active 10.0.0.53 "));
        CHECK(rig.source.counters().foreign_refused == 1);
    }
    SECTION("an earlier end") {
        rig.store.set(path, "10.0.0.1:4000 active 10.0.0.53 " + rig.expiry(20));
        rig.settle();
        rig.pass(20);
        CHECK(rig.table.find_inside(at("10.0.1.2:4000")) == no_flow);
        CHECK_FALSE(rig.value("udp/10/0/1/2/20/4000"));
    }
    SECTION("an end that has passed") {
        rig.store.set(path, "10.0.0.1:4000 active 10.0.0.53 1699999999");
        rig.settle();
        CHECK(rig.table.find_inside(at("10.0.1.2:4000")) == no_flow);
        CHECK_FALSE(rig.value("udp/10/0/1/2/20/4000"));
    }
    SECTION("static") {
        rig.store.set(path, "10.0.0.1:4000 static 0");
        rig.settle();
        rig.pass(1000);
        CHECK(rig.table.mapping_count() == 1);
        CHECK(rig.value("udp/10/0/1/2/20/4000") == "10.0.0.1:4000 static 0");
    }
    CHECK(rig.table.is_consistent());
    CHECK(rig.mirror.idle());
}

TEST_CASE("Leaves that make no sense are counted, told, and change nothing") {
    Rig rig;
    rig.open(at("10.0.1.2:4000"), "10.0.0.53:53");
    rig.settle();
    const auto good = *rig.value("udp/10/0/1/2/20/4000");
    rig.store.set("data/net/nat/udp/10/0/1/2/20/4000", "rubbish");
    rig.store.set("data/net/nat/udp/10/0/1/9/20/4000", "10.0.0.2:4000 active " + rig.expiry(300));
    rig.store.set("data/net/nat/udp/10/0/2/9/20/4000", "10.0.0.1:4009 active " + rig.expiry(300));
    rig.store.set("data/net/nat/udp/10/0/1/1/20/4000", "10.0.0.1:4009 active " + rig.expiry(300));
    rig.store.set("data/net/nat/udp/10/0/1/8/20/4000", "10.0.0.1:4000 active " + rig.expiry(300));
    rig.store.set("data/net/nat/udp/10/0/1/8/20/4001", "10.0.0.1:4010 active 1");
    rig.store.set("data/net/nat/udp/rubbish", "rubbish");
    rig.store.set("data/net/nat/rubbish", "");
    rig.settle();
    CHECK(rig.table.mapping_count() == 1);
    CHECK(rig.source.counters().foreign_malformed == 2);
    CHECK(rig.source.counters().foreign_refused == 4);
    CHECK(rig.value("udp/10/0/1/2/20/4000") == good);
    CHECK(rig.console.lines.size() == 5);  // as many as the limit lets through at once
    CHECK_THAT(rig.console.lines[0], Catch::StartsWith("nat: data/net/nat/udp/10/0/1/2/20/4000: "));
    CHECK(rig.mirror.idle());
}

TEST_CASE("A store without room keeps what fits, and gets the rest when there is room") {
    Rig rig;
    rig.store.node_quota = rig.store.tree().size() + 20;
    for (std::uint16_t i = 0; i < 60; ++i)
        rig.open({endpoint("10.0.1.2").address, static_cast<std::uint16_t>(4000 + i), {}},
                 "10.0.0.53:53");
    for (int i = 0; i < 50; ++i)
        rig.step(rt::Duration::milliseconds(10));
    CHECK(rig.mirror.full());
    CHECK(rig.table.mapping_count() == 60);
    const auto partial = rig.leaves().size();
    CHECK(partial < 20);
    rig.store.node_quota = SIZE_MAX;
    rig.pass(60);
    CHECK_FALSE(rig.mirror.full());
    CHECK(rig.leaves().size() == 60);
}

TEST_CASE("The saved state comes back under the same ports, without what has expired") {
    Rig rig;
    CHECK(rig.source.restore("tcp/10/0/1/2/20/4000",
                             "10.0.0.1:5000 established 10.0.0.53:80 " + rig.expiry(500)));
    CHECK(rig.source.restore("tcp/10/0/1/2/0/80", "10.0.0.1:8080 static 0"));
    CHECK_FALSE(
        rig.source.restore("udp/10/0/1/2/20/4000", "10.0.0.1:4000 active 10.0.0.53 1699999999"));
    CHECK_FALSE(rig.source.restore("tcp/10/0/1/3/20/4000",
                                   "10.0.0.1:5000 established 10.0.0.53:80 " + rig.expiry(500)));
    CHECK_FALSE(rig.source.restore("tcp/10/0/7/3/20/4000",
                                   "10.0.0.1:5001 established 10.0.0.53:80 " + rig.expiry(500)));
    CHECK_FALSE(rig.source.restore("tcp/10/0/1/3/20/4000",
                                   "10.0.0.9:5001 established 10.0.0.53:80 " + rig.expiry(500)));
    CHECK_FALSE(rig.source.restore("rubbish", "rubbish"));
    CHECK(rig.source.counters().restored == 2);
    CHECK(rig.source.counters().restore_skipped == 5);
    CHECK(rig.table.find_session(at("10.0.1.2:4000", Protocol::tcp), endpoint("10.0.0.53:80")) !=
          no_flow);
    rig.settle();
    // under the new domain's ownership
    CHECK(rig.value("tcp/10/0/1/2/20/4000") ==
          "10.0.0.1:5000 established 10.0.0.53:80 " + rig.expiry(500));
    CHECK(rig.leaves().size() == 2);
}

TEST_CASE("Store and table agree after anything either side does") {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        FlowTableOptions options;
        options.limits = {
            .mappings = 24, .sessions = 100, .mappings_per_host = 24, .sessions_per_host = 100};
        Rig rig(options, rt::Duration::milliseconds(seed % 2 == 0 ? 0 : 30));
        Random random(seed);
        for (int step = 0; step < 1500; ++step) {
            const InsideEndpoint x{{0x0a000102 + random() % 4},
                                   static_cast<std::uint16_t>(398 + random() % 4),
                                   static_cast<Protocol>(random() % 3)};
            std::string path = "data/net/nat/";
            write_path(path, x);
            const MappingId id = rig.table.find_inside(x);
            switch (random() % 8) {
                case 0:
                case 1:
                    if (id == no_flow && rig.table.mapping_count() < 24)
                        rig.open(
                            x, "10.0.0.53:53",
                            x.protocol == Protocol::tcp ? TcpState::established : TcpState::none);
                    break;
                case 2:
                    if (id != no_flow) rig.table.remove(id);
                    break;
                case 3:
                    if (random() % 3 == 0) rig.store.remove(path);
                    break;
                case 4: {
                    std::string text;
                    Leaf leaf;
                    leaf.outside_port = static_cast<std::uint16_t>(396 + random() % 8);
                    leaf.expiry = static_cast<std::uint32_t>(rig.clock.utc().seconds + 100);
                    leaf.state =
                        x.protocol == Protocol::tcp ? LeafState::established : LeafState::active;
                    if (random() % 4 == 0) leaf.state = LeafState::made_static;
                    write_value(text, endpoint("10.0.0.1").address, leaf);
                    rig.store.set(path, text);
                    break;
                }
                case 5:
                    if (random() % 20 == 0) rig.store.conflict_next_commits(1);
                    break;
                case 6:
                    if (random() % 40 == 0) rig.store.remove("data/net/nat/udp/10/0/1");
                    break;
                default:
                    rig.clock.at = rig.clock.at + rt::Duration::milliseconds(random() % 50);
                    rig.source.set_now(rig.clock.at, rig.tick(), rig.clock.utc());
                    rig.table.expire(rig.tick(), 1000);
                    rig.source.run();
                    rig.mirror.run(rig.clock.at);
                    for (auto n = random() % 30; n > 0; --n)
                        rig.store.step();
            }
        }
        rig.settle();
        REQUIRE(rig.table.is_consistent());
        auto leaves = rig.leaves();
        std::size_t shown = 0;
        for (MappingId id = 0; id < rig.table.mapping_capacity(); ++id) {
            const Mapping& mapping = rig.table.mapping(id);
            if (!mapping.live) continue;
            std::string path;
            write_path(path, mapping.inside);
            CAPTURE(seed, path);
            REQUIRE(leaves.contains(path));
            const auto leaf =
                parse_value(leaves[path], mapping.inside.protocol, endpoint("10.0.0.1").address);
            REQUIRE(leaf);
            CHECK(leaf->outside_port == mapping.outside_port);
            CHECK((leaf->state == LeafState::made_static) == mapping.is_static);
            leaves.erase(path);
            ++shown;
        }
        CHECK(shown == rig.table.mapping_count());
        // What is left was refused: its port is taken, or there was no room.
        for (const auto& [path, text] : leaves) {
            const auto inside = parse_path(path);
            REQUIRE(inside);
            const auto leaf = parse_value(text, inside->protocol, endpoint("10.0.0.1").address);
            REQUIRE(leaf);
            CHECK(rig.source.counters().foreign_refused > 0);
        }
    }
}

}  // namespace stemma::nat
