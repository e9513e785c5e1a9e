#include "nat/flow_table.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "packets.hpp"

namespace stemma::nat {

using test::endpoint;
using test::SeededEntropy;

namespace {

InsideEndpoint inside(std::string_view text, Protocol protocol = Protocol::udp) {
    const auto at = endpoint(text);
    return {at.address, at.port, protocol};
}

FlowTableOptions small(Filtering filtering = Filtering::address_and_port_dependent) {
    FlowTableOptions options;
    options.limits = {
        .mappings = 8, .sessions = 12, .mappings_per_host = 6, .sessions_per_host = 10};
    options.filtering = filtering;
    return options;
}

// A table as a map of maps, with none of its mechanics.
struct Model {
    struct Session {
        Tick deadline;
        TcpState state;
    };
    struct Mapping {
        std::uint16_t outside_port;
        bool is_static = false;
        std::map<net::Ipv4Endpoint, Session> sessions;
    };
    std::map<InsideEndpoint, Mapping> mappings;

    void expire(Tick now) {
        for (auto at = mappings.begin(); at != mappings.end();) {
            const bool had = !at->second.sessions.empty();
            std::erase_if(at->second.sessions,
                          [&](const auto& session) { return session.second.deadline <= now; });
            at = had && at->second.sessions.empty() && !at->second.is_static ? mappings.erase(at)
                                                                             : std::next(at);
        }
    }
};

}  // namespace

TEST_CASE("An inside endpoint has one mapping, whatever remotes it speaks to") {
    SeededEntropy entropy;
    FlowTable table({}, entropy, 0);
    const auto x = inside("10.0.1.2:4000");
    const auto first = table.open(x, endpoint("10.0.0.53:53"), TcpState::none, 1);
    const auto second = table.open(x, endpoint("10.0.0.54:99"), TcpState::none, 1);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(table.session(*first).mapping == table.session(*second).mapping);
    CHECK(table.mapping_count() == 1);
    CHECK(table.session(*second).outside_port == 4000);
    CHECK(table.find_session(x, endpoint("10.0.0.54:99")) == *second);
    CHECK(table.find_outside(Protocol::udp, 4000) == table.find_inside(x));
    CHECK(table.find_outside(Protocol::tcp, 4000) == no_flow);
    CHECK(table.is_consistent());
}

TEST_CASE("Two inside endpoints never share an outside port") {
    SeededEntropy entropy;
    FlowTable table({}, entropy, 0);
    std::set<std::uint16_t> ports;
    for (std::uint32_t host = 2; host < 200; ++host) {
        const InsideEndpoint x{{0x0a000100 + host}, 4000, Protocol::tcp};
        const auto session = table.open(x, endpoint("10.0.0.53:80"), TcpState::inside_syn, 0);
        REQUIRE(session);
        CHECK(table.session(*session).outside_port >= 1024);
        CHECK(ports.insert(table.session(*session).outside_port).second);
    }
    CHECK(ports.contains(4000));
}

TEST_CASE("A session ends at its deadline, a refreshed one later, and the last takes the mapping") {
    SeededEntropy entropy;
    FlowTable table({}, entropy, 0);
    const auto x = inside("10.0.1.2:4000");
    const auto kept = *table.open(x, endpoint("10.0.0.53:53"), TcpState::none, 0);
    REQUIRE(table.open(x, endpoint("10.0.0.54:53"), TcpState::none, 0));
    for (Tick now = 0; now <= 200; ++now)
        table.expire(now, 100);
    table.refresh(kept, 200);
    table.expire(301, 100);
    CHECK(table.session_count() == 1);
    table.expire(500, 100);
    CHECK(table.session_count() == 1);
    table.expire(501, 100);
    CHECK(table.session_count() == 0);
    CHECK(table.mapping_count() == 0);
    CHECK(table.host_count() == 0);
    CHECK(table.is_consistent());
}

TEST_CASE("A state with a shorter timeout brings the deadline forward") {
    SeededEntropy entropy;
    FlowTable table({}, entropy, 0);
    const auto x = inside("10.0.1.2:4000", Protocol::tcp);
    const auto session = *table.open(x, endpoint("10.0.0.53:80"), TcpState::established, 0);
    table.set_state(session, TcpState::closed, 100);
    table.expire(340, 100);
    CHECK(table.mapping_count() == 1);
    table.expire(341, 100);
    CHECK(table.mapping_count() == 0);
}

TEST_CASE("At a bound a new flow is refused and the others stay") {
    SeededEntropy entropy;
    FlowTable table(small(), entropy, 0);
    const auto remote = endpoint("10.0.0.53:53");
    for (int port = 1; port <= 6; ++port)
        REQUIRE(table.open(inside("10.0.1.2:" + std::to_string(port)), remote, {}, 0));
    CHECK(table.open(inside("10.0.1.2:7"), remote, {}, 0).error() == FlowRefusal::host_limit);
    REQUIRE(table.open(inside("10.0.1.3:7"), remote, {}, 0));
    REQUIRE(table.open(inside("10.0.1.3:8"), remote, {}, 0));
    CHECK(table.open(inside("10.0.1.4:9"), remote, {}, 0).error() == FlowRefusal::table_full);
    CHECK(table.host_count() == 2);
    // 8 sessions so far: one host may have 10 of the 12
    for (int port = 1; port <= 4; ++port)
        REQUIRE(table.open(inside("10.0.1.2:1"), {{1u}, static_cast<std::uint16_t>(port)}, {}, 0));
    CHECK(table.open(inside("10.0.1.2:1"), {{1u}, 9}, {}, 0).error() == FlowRefusal::table_full);
    CHECK(table.open(inside("10.0.1.3:7"), {{1u}, 9}, {}, 0).error() == FlowRefusal::table_full);
    CHECK(table.is_consistent());
    table.remove(table.find_inside(inside("10.0.1.3:8")));
    CHECK(table.open(inside("10.0.1.2:1"), {{1u}, 9}, {}, 0).error() == FlowRefusal::host_limit);
    CHECK(table.open(inside("10.0.1.3:7"), {{1u}, 9}, {}, 0));
    CHECK(table.is_consistent());
}

TEST_CASE("A refused session leaves no mapping behind") {
    SeededEntropy entropy;
    auto options = small();
    options.limits.sessions = 2;
    FlowTable table(options, entropy, 0);
    REQUIRE(table.open(inside("10.0.1.2:1"), endpoint("10.0.0.53:1"), {}, 0));
    REQUIRE(table.open(inside("10.0.1.2:1"), endpoint("10.0.0.53:2"), {}, 0));
    CHECK_FALSE(table.open(inside("10.0.1.9:2"), endpoint("10.0.0.53:1"), {}, 0));
    CHECK(table.mapping_count() == 1);
    CHECK(table.host_count() == 1);
    CHECK(table.find_outside(Protocol::udp, 2) == no_flow);
    CHECK(table.is_consistent());
}

TEST_CASE("A TCP session permits its remote's address as long as one to it lives") {
    SeededEntropy entropy;
    FlowTable table(small(Filtering::address_dependent), entropy, 0);
    const auto x = inside("10.0.1.2:4000", Protocol::tcp);
    const auto remote = endpoint("10.0.0.53:80");
    CHECK_FALSE(table.is_permitted(x, remote.address));
    const auto first = *table.open(x, remote, TcpState::inside_syn, 0);
    table.set_state(first, TcpState::established, 0);
    REQUIRE(table.open(x, endpoint("10.0.0.53:81"), TcpState::inside_syn, 0));
    CHECK(table.session_count() == 3);
    CHECK(table.is_permitted(x, remote.address));
    CHECK_FALSE(table.is_permitted(x, endpoint("10.0.0.54").address));
    table.expire(241, 100);
    CHECK(table.session_count() == 2);
    CHECK(table.is_permitted(x, remote.address));
    table.expire(7441, 100);
    CHECK(table.session_count() == 0);
    CHECK_FALSE(table.is_permitted(x, remote.address));
    CHECK(table.is_consistent());
}

TEST_CASE("A mapping from the store has its own port, deadline and session") {
    SeededEntropy entropy;
    FlowTable table({}, entropy, 0);
    const auto x = inside("10.0.1.2:4000", Protocol::tcp);
    const auto id = table.adopt({.inside = x,
                                 .outside_port = 5000,
                                 .is_static = false,
                                 .remote = endpoint("10.0.0.53:80"),
                                 .state = TcpState::established,
                                 .deadline = 50},
                                0);
    REQUIRE(id);
    CHECK(table.mapping(*id).adopts_streams);
    CHECK(table.find_outside(Protocol::tcp, 5000) == *id);
    CHECK(table.find_session(x, endpoint("10.0.0.53:80")) != no_flow);
    // the same endpoint, and another one for the same port
    CHECK_FALSE(table.adopt({.inside = x,
                             .outside_port = 5001,
                             .is_static = false,
                             .remote = {},
                             .state = {},
                             .deadline = 50},
                            0));
    CHECK_FALSE(table.adopt({.inside = inside("10.0.1.3:1", Protocol::tcp),
                             .outside_port = 5000,
                             .is_static = false,
                             .remote = {},
                             .state = {},
                             .deadline = 50},
                            0));
    CHECK(table.is_consistent());
    table.expire(50, 10);
    CHECK(table.mapping_count() == 0);
}

TEST_CASE("A static mapping outlives its sessions") {
    SeededEntropy entropy;
    FlowTable table({}, entropy, 0);
    const auto x = inside("10.0.1.2:80", Protocol::tcp);
    REQUIRE(table.adopt({.inside = x,
                         .outside_port = 8080,
                         .is_static = true,
                         .remote = {},
                         .state = {},
                         .deadline = 0},
                        0));
    REQUIRE(table.open(x, endpoint("192.0.2.1:999"), TcpState::outside_syn, 0));
    for (Tick now = 0; now < 100'000; now += 1000)
        table.expire(now, 100);
    CHECK(table.mapping_count() == 1);
    CHECK(table.session_count() == 0);
    CHECK(table.is_consistent());
}

TEST_CASE("A moved mapping answers at its new port alone") {
    SeededEntropy entropy;
    FlowTable table({}, entropy, 0);
    const auto x = inside("10.0.1.2:4000");
    const auto session = *table.open(x, endpoint("10.0.0.53:53"), {}, 0);
    REQUIRE(table.open(inside("10.0.1.3:4001"), endpoint("10.0.0.53:53"), {}, 0));
    const auto id = table.find_inside(x);
    CHECK_FALSE(table.move(id, 4001));
    CHECK(table.move(id, 5000));
    CHECK(table.session(session).outside_port == 5000);
    CHECK(table.find_outside(Protocol::udp, 4000) == no_flow);
    CHECK(table.find_outside(Protocol::udp, 5000) == id);
    CHECK(table.is_consistent());
}

TEST_CASE("Expiry stops at its budget and goes on") {
    SeededEntropy entropy;
    FlowTable table({}, entropy, 0);
    for (std::uint16_t port = 1; port <= 500; ++port)
        REQUIRE(table.open({{0x0a000102}, port, Protocol::icmp}, {{1u}, 0}, {}, 0));
    // the checks come first
    for (Tick now = 0; now < 61; ++now)
        table.expire(now, 1000);
    CHECK(table.mapping_count() == 500);
    CHECK_FALSE(table.expire(61, 200));
    CHECK(table.mapping_count() == 300);
    CHECK_FALSE(table.expire(61, 200));
    CHECK(table.expire(61, 200));
    CHECK(table.mapping_count() == 0);
}

TEST_CASE("The table does what a map of maps does") {
    for (const auto filtering : {Filtering::endpoint_independent, Filtering::address_dependent,
                                 Filtering::address_and_port_dependent}) {
        test::Random random(static_cast<unsigned>(filtering) + 11);
        SeededEntropy entropy;
        FlowTableOptions options;
        options.limits = {
            .mappings = 96, .sessions = 400, .mappings_per_host = 96, .sessions_per_host = 400};
        options.filtering = filtering;
        FlowTable table(options, entropy, 0);
        Model model;
        Tick now = 0;
        const auto some_inside = [&] {
            return InsideEndpoint{{0x0a000102 + random() % 5},
                                  static_cast<std::uint16_t>(1020 + random() % 8),
                                  static_cast<Protocol>(random() % 3)};
        };
        const auto some_remote = [&](Protocol protocol) {
            return session_remote(
                filtering, protocol,
                {{0xc0000201 + random() % 3}, static_cast<std::uint16_t>(1 + random() % 3)});
        };
        const auto port_is_taken = [&](Protocol protocol, std::uint16_t port) {
            return std::any_of(model.mappings.begin(), model.mappings.end(), [&](const auto& m) {
                return m.first.protocol == protocol && m.second.outside_port == port;
            });
        };
        for (int step = 0; step < 6'000; ++step) {
            const auto x = some_inside();
            const auto remote = some_remote(x.protocol);
            const auto in_model = model.mappings.find(x);
            const MappingId id = table.find_inside(x);
            REQUIRE((id != no_flow) == (in_model != model.mappings.end()));
            const SessionId session = table.find_session(x, remote);
            const bool has_session =
                in_model != model.mappings.end() && in_model->second.sessions.contains(remote);
            REQUIRE((session != no_flow) == has_session);
            switch (random() % 12) {
                case 0:
                case 1:
                case 2: {
                    if (session != no_flow) break;
                    const auto state =
                        x.protocol == Protocol::tcp ? TcpState::inside_syn : TcpState::none;
                    const auto opened = table.open(x, remote, state, now);
                    REQUIRE(opened);
                    const auto port = table.session(*opened).outside_port;
                    if (id == no_flow) {
                        const bool kept = port == x.port;
                        REQUIRE(kept != port_is_taken(x.protocol, x.port));
                        REQUIRE_FALSE(port_is_taken(x.protocol, port));
                        model.mappings[x].outside_port = port;
                    }
                    model.mappings[x].sessions[remote] = {
                        now + options.timeouts.of(x.protocol, state) + 1, state};
                    break;
                }
                case 3:
                case 4:
                case 5:
                    if (session == no_flow) break;
                    table.refresh(session, now);
                    in_model->second.sessions[remote].deadline =
                        now +
                        options.timeouts.of(x.protocol, in_model->second.sessions[remote].state) +
                        1;
                    break;
                case 6: {
                    if (session == no_flow || x.protocol != Protocol::tcp) break;
                    constexpr TcpState states[] = {TcpState::established, TcpState::closed,
                                                   TcpState::inside_fin, TcpState::reset};
                    const auto state = states[random() % 4];
                    table.set_state(session, state, now);
                    in_model->second.sessions[remote] = {
                        now + options.timeouts.of(x.protocol, state) + 1, state};
                    break;
                }
                case 7:
                    if (id == no_flow || random() % 4 != 0) break;
                    table.remove(id);
                    model.mappings.erase(in_model);
                    break;
                case 8: {
                    if (id == no_flow) break;
                    const auto port = static_cast<std::uint16_t>(1020 + random() % 12);
                    const bool moved = table.move(id, port);
                    REQUIRE(moved == !port_is_taken(x.protocol, port));
                    if (moved) in_model->second.outside_port = port;
                    break;
                }
                case 9: {
                    const auto port = static_cast<std::uint16_t>(1020 + random() % 12);
                    const bool is_static = random() % 4 == 0;
                    const Tick deadline = now + 1 + random() % 500;
                    const auto adopted = table.adopt({.inside = x,
                                                      .outside_port = port,
                                                      .is_static = is_static,
                                                      .remote = remote,
                                                      .state = TcpState::none,
                                                      .deadline = deadline},
                                                     now);
                    REQUIRE(adopted.has_value() ==
                            (id == no_flow && !port_is_taken(x.protocol, port)));
                    if (!adopted) break;
                    auto& mapping = model.mappings[x];
                    mapping.outside_port = port;
                    mapping.is_static = is_static;
                    if (!is_static) mapping.sessions[remote] = {deadline, TcpState::none};
                    break;
                }
                case 10:
                    if (id == no_flow || random() % 4 != 0) break;
                    table.set_deadline(id, now + 40);
                    for (auto& [_, s] : in_model->second.sessions)
                        s.deadline = now + 40;
                    break;
                default:
                    now += random() % 40 == 0 ? random() % 8000 : random() % 20;
                    table.expire(now, 1'000'000);
                    model.expire(now);
            }
            REQUIRE(table.mapping_count() == model.mappings.size());
            if (step % 100 == 0) REQUIRE(table.is_consistent());
        }
        for (const auto& [x, mapping] : model.mappings) {
            const MappingId id = table.find_inside(x);
            REQUIRE(id != no_flow);
            REQUIRE(table.mapping(id).outside_port == mapping.outside_port);
            REQUIRE(table.mapping(id).session_count == mapping.sessions.size());
        }
        CHECK(table.is_consistent());
    }
}

TEST_CASE("64 k mappings fit, of every protocol, with a TCP session and its permission each") {
    SeededEntropy entropy;
    FlowTableOptions options;
    options.limits.mappings_per_host = 65536;
    options.limits.sessions_per_host = 131072;
    FlowTable table(options, entropy, 0);
    for (std::uint32_t i = 0; i < 65536; ++i) {
        const InsideEndpoint x{{0x0a010000 + i / 256},
                               static_cast<std::uint16_t>(20'000 + i % 256),
                               i < 60'000 ? Protocol::tcp : Protocol::udp};
        const auto remote =
            session_remote(options.filtering, x.protocol, {{0xc0000201 + i % 7}, 80});
        REQUIRE(table.open(x, remote, {}, 0));
    }
    CHECK(table.mapping_count() == 65536);
    CHECK(table.open({{0x0b000001}, 1, Protocol::udp}, {}, {}, 0).error() ==
          FlowRefusal::table_full);
    CHECK(table.is_consistent());
}

}  // namespace stemma::nat
