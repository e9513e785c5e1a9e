#include "nat/nat_guest.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../net/test_port.hpp"
#include "fake_store.hpp"
#include "net/arp_packet.hpp"
#include "packets.hpp"
#include "rt/saved_state.hpp"

namespace stemma::nat {

using namespace test;
using net::MacAddress;
using net::test::TestPort;

namespace {

constexpr MacAddress mac(std::uint8_t last) {
    return {{2, 0, 0, 0, 0, last}};
}

struct Lines final : rt::Console {
    void line(std::string_view text) override { lines.emplace_back(text); }
    std::vector<std::string> lines;
};

// A host on a link: answers ARP for its address and keeps what it is sent.
struct Host {
    MacAddress mac;
    const char* address;
    std::vector<Bytes> received{};  // IPv4 packets
    std::vector<net::ArpPacket> announcements{};
};

// The guest between one inside and one outside host.
struct World {
    explicit World(std::string_view more = "gateway=10.0.0.254",
                   std::span<const std::uint8_t> saved = {}, std::size_t outside_mtu = 1500)
        : ports{{TestPort(mac(1), outside_mtu), TestPort(mac(2))}},
          pointers{&ports[0], &ports[1]},
          arguments("outside=vif0,10.0.0.1/24 inside=vif1,10.0.1.1/24 ") {
        arguments += more;
        guest = rt::make_guest({.ports = pointers,
                                .clock = clock,
                                .entropy = entropy,
                                .console = console,
                                .store = store,
                                .arguments = arguments,
                                .saved_state = saved});
        if (guest) run();
    }

    TestPort& port(Side side) { return ports[side == Side::outside ? 0 : 1]; }
    Host& host(Side side) { return side == Side::outside ? out : in; }

    // Runs the guest until nothing moves any more, and the time on by a millisecond a turn.
    void run(int turns = 60) {
        for (int i = 0; i < turns; ++i) {
            clock.advance(rt::Duration::milliseconds(1));
            next = guest->run(clock.now());
            store.run();
            for (const auto side : {Side::inside, Side::outside})
                deliver(side);
        }
    }
    void deliver(Side side) {
        for (const auto& frame : port(side).take_sent()) {
            const auto ethernet = *net::EthernetHeader::read(frame);
            const auto payload = std::span(frame).subspan(14);
            CHECK(ethernet.source == port(side).mac());
            if (ethernet.type == net::ether_type::ipv4) {
                CHECK(checksum_or_fragment(payload));
                CHECK(ethernet.destination == host(side).mac);
                host(side).received.emplace_back(payload.begin(), payload.end());
                continue;
            }
            const auto arp = net::ArpPacket::read(payload);
            REQUIRE(arp);
            if (arp->sender == arp->target) {
                host(side).announcements.push_back(*arp);
            } else if (arp->operation == net::ArpPacket::request && answers_arp) {
                arp_reply(side, *arp);
            }
        }
    }
    static bool checksum_or_fragment(std::span<const std::uint8_t> packet) {
        const auto header = net::Ipv4Header::read(packet);
        return header && (header->is_fragment() || checksums_are_good(packet));
    }
    void arp_reply(Side side, const net::ArpPacket& request) {
        Bytes frame(14 + net::ArpPacket::size);
        net::EthernetHeader{request.sender_mac, host(side).mac, net::ether_type::arp}.write(
            std::span(frame).first<14>());
        // every outside address is behind this host
        net::ArpPacket{net::ArpPacket::reply, host(side).mac, request.target, request.sender_mac,
                       request.sender}
            .write(std::span(frame).subspan<14, net::ArpPacket::size>());
        port(side).inject(frame);
    }
    // A host sends a packet to the guest; it may be padded, as short frames are.
    void send(Side from, const Bytes& packet, std::size_t padding = 0) {
        Bytes frame(14);
        net::EthernetHeader{port(from).mac(), host(from).mac, net::ether_type::ipv4}.write(
            std::span(frame).first<14>());
        frame.insert(frame.end(), packet.begin(), packet.end());
        frame.resize(frame.size() + padding, 0xee);
        port(from).inject(frame);
    }
    // What the host on this side got since the last call.
    std::vector<Bytes> got(Side side) { return std::exchange(host(side).received, {}); }
    Bytes exchange(Side from, const Bytes& packet, std::size_t padding = 0) {
        send(from, packet, padding);
        run();
        auto packets = got(other(from));
        REQUIRE(packets.size() == 1);
        return packets[0];
    }
    std::string stat(const std::string& name) {
        return store.value("data/net/stats/" + name).value_or("");
    }
    // What the agent saves: all below data/net.
    std::vector<std::uint8_t> saved_state() const {
        std::vector<std::uint8_t> bytes;
        for (const auto& [path, value] : store.tree()) {
            if (path.starts_with("data/net/") && !value.empty())
                REQUIRE(rt::append_saved_entry(bytes, {path.substr(9), value}));
        }
        return bytes;
    }

    std::array<TestPort, 2> ports;
    std::array<rt::Port*, 2> pointers;
    net::test::TestClock clock;
    SeededEntropy entropy;
    Lines console;
    rt::FakeStore store;
    std::string arguments;
    Host in{mac(12), "10.0.1.2"};
    Host out{mac(11), "10.0.0.53"};
    bool answers_arp = true;
    rt::Instant next;
    std::unique_ptr<rt::Guest> guest;
};

}  // namespace

TEST_CASE("The guest announces itself on both links and says that it is ready") {
    World world;
    REQUIRE(world.in.announcements.size() == 1);
    CHECK(world.in.announcements[0].sender == endpoint("10.0.1.1").address);
    REQUIRE(world.out.announcements.size() == 1);
    CHECK(world.out.announcements[0].sender == endpoint("10.0.0.1").address);
    CHECK(world.store.value("data/ready") == "1");
}

TEST_CASE("Words that make no sense end the guest with a line") {
    World world("filtering=none");
    CHECK_FALSE(world.guest);
    REQUIRE(world.console.lines.size() == 1);
    CHECK_THAT(world.console.lines[0], Catch::StartsWith("nat: argument filtering=none"));
}

TEST_CASE("A query and its answer pass, and the first packet waits for ARP") {
    World world;
    CHECK(world.exchange(Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53"), 7) ==
          udp("10.0.0.1:4000", "10.0.0.53:53").ttl(63).bytes());
    CHECK(world.exchange(Side::outside, udp("10.0.0.53:53", "10.0.0.1:4000")) ==
          udp("10.0.0.53:53", "10.0.1.2:4000").ttl(63).bytes());
    // beyond the link, by the gateway
    CHECK(world.exchange(Side::inside, udp("10.0.1.2:4000", "192.0.2.1:53")) ==
          udp("10.0.0.1:4000", "192.0.2.1:53").ttl(63).bytes());
}

TEST_CASE("The guest's own addresses answer ping on both sides") {
    World world;
    world.send(Side::inside, ping("10.0.1.2:7", "10.0.1.1"));
    world.send(Side::inside, ping("10.0.1.2:8", "10.0.0.1"));
    world.send(Side::outside, ping("10.0.0.53:9", "10.0.0.1"));
    world.run();
    const auto inside = world.got(Side::inside);
    REQUIRE(inside.size() == 2);
    CHECK(net::Ipv4Header::read(inside[0])->source == endpoint("10.0.1.1").address);
    CHECK(inside[0][20] == net::icmp_type::echo_reply);
    CHECK(net::Ipv4Header::read(inside[1])->source == endpoint("10.0.0.1").address);
    const auto outside = world.got(Side::outside);
    REQUIRE(outside.size() == 1);
    CHECK(outside[0][20] == net::icmp_type::echo_reply);
}

TEST_CASE("A packet that cannot go on is answered from the address it came to") {
    World world({}, {}, 1000);
    world.send(Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53").ttl(1));
    world.send(Side::inside,
               udp("10.0.1.2:4000", "10.0.0.53:53").with_payload(1200).dont_fragment());
    world.run();
    const auto errors = world.got(Side::inside);
    REQUIRE(errors.size() == 2);
    for (const auto& error : errors)
        CHECK(net::Ipv4Header::read(error)->source == endpoint("10.0.1.1").address);
    CHECK(errors[0][20] == net::icmp_type::time_exceeded);
    CHECK(errors[1][20] == net::icmp_type::unreachable);
    CHECK(errors[1][21] == net::icmp_code::fragmentation_needed);
    CHECK(net::load_be16(&errors[1][26]) == 1000);
    CHECK(world.got(Side::outside).empty());
}

TEST_CASE("A packet too long for the other link is split") {
    World world({}, {}, 1000);
    world.send(Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53").with_payload(1400, 0x21));
    world.run();
    const auto parts = world.got(Side::outside);
    REQUIRE(parts.size() == 2);
    Bytes body;
    for (const auto& part : parts) {
        CHECK(part.size() <= 1000);
        const auto header = *net::Ipv4Header::read(part);
        CHECK(header.fragment_offset == body.size());
        body.insert(body.end(), part.begin() + 20, part.end());
    }
    CHECK(body == udp("10.0.0.1:4000", "10.0.0.53:53").with_payload(1400, 0x21).transport());
}

TEST_CASE("Fragments out of order leave once the first is there") {
    World world;
    const auto parts =
        udp("10.0.1.2:4000", "10.0.0.53:53").with_payload(1000).identification(3).fragments(400);
    REQUIRE(parts.size() == 3);
    for (const std::size_t i : {std::size_t{2}, std::size_t{1}, std::size_t{0}})
        world.send(Side::inside, parts[i]);
    world.run();
    const auto sent = world.got(Side::outside);
    REQUIRE(sent.size() == 3);
    Bytes body(1008);
    for (const auto& part : sent) {
        const auto header = *net::Ipv4Header::read(part);
        CHECK(header.source == endpoint("10.0.0.1").address);
        std::copy(part.begin() + 20, part.end(), body.begin() + header.fragment_offset);
    }
    CHECK(body == udp("10.0.0.1:4000", "10.0.0.53:53").with_payload(1000).transport());
}

TEST_CASE("Frames for others, of no known type, or to all are not forwarded") {
    World world;
    const Bytes packet = udp("10.0.1.2:4000", "10.0.0.53:53");
    const auto inject = [&](const MacAddress& to, std::uint16_t type) {
        Bytes frame(14);
        net::EthernetHeader{to, world.in.mac, type}.write(std::span(frame).first<14>());
        frame.insert(frame.end(), packet.begin(), packet.end());
        world.port(Side::inside).inject(frame);
    };
    inject(mac(77), net::ether_type::ipv4);
    inject(mac(2), 0x86dd);
    inject(MacAddress::broadcast(), net::ether_type::ipv4);
    world.port(Side::inside).inject(Bytes(13));
    world.run();
    CHECK(world.got(Side::outside).empty());
}

TEST_CASE("The table is mirrored, and what others change there takes effect") {
    World world;
    world.exchange(Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53"));
    const std::string path = "data/net/nat/udp/10/0/1/2/20/4000";
    REQUIRE(world.store.value(path));
    CHECK_THAT(*world.store.value(path), Catch::StartsWith("10.0.0.1:4000 active 10.0.0.53 17"));
    // caches of MAC addresses are in the store too
    CHECK(world.store.value("data/net/arp/0/10-0-0-53"));

    world.store.remove(path);
    world.run();
    world.send(Side::outside, udp("10.0.0.53:53", "10.0.0.1:4000"));
    world.run();
    CHECK(world.got(Side::inside).empty());

    world.store.set("data/net/nat/tcp/10/0/1/2/0/80", "10.0.0.1:8080 static 0");
    world.run();
    CHECK(world.exchange(Side::outside, tcp("10.0.0.53:999", "10.0.0.1:8080", syn)) ==
          tcp("10.0.0.53:999", "10.0.1.2:80", syn).ttl(63).bytes());
}

TEST_CASE("mirror=off leaves the store without mappings") {
    World world("mirror=off");
    world.exchange(Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53"));
    CHECK_FALSE(world.store.value("data/net/nat"));
    CHECK(world.store.value("data/ready") == "1");
}

TEST_CASE("A guest that is killed comes back with its streams, whoever speaks first") {
    for (const auto first : {Side::inside, Side::outside}) {
        std::vector<std::uint8_t> saved;
        {
            World world;
            world.exchange(Side::inside, udp("10.0.1.9:40000", "10.0.0.53:53"));
            // the same port: the stream gets another outside
            world.exchange(Side::inside, tcp("10.0.1.8:4000", "10.0.0.53:80", syn));
            const auto sent =
                world.exchange(Side::inside, tcp("10.0.1.2:4000", "10.0.0.53:80", syn));
            const auto port = net::load_be16(&sent[20]);
            REQUIRE(port != 4000);
            auto answer = tcp("10.0.0.53:80", "10.0.0.1:1", syn | ack);
            answer.destination.port = port;
            world.exchange(Side::outside, answer);
            world.exchange(Side::inside, tcp("10.0.1.2:4000", "10.0.0.53:80", ack));
            saved = world.saved_state();
            World again({}, saved);
            REQUIRE_FALSE(again.console.lines.empty());
            CHECK(again.console.lines[0] == "nat: restored 3 mappings, skipped 0");
            CHECK(again.in.announcements.size() == 1);
            auto data = tcp("10.0.0.53:80", "10.0.0.1:1", ack);
            data.destination.port = port;
            for (const auto from : {first, other(first), first}) {
                if (from == Side::inside) {
                    const auto through =
                        again.exchange(from, tcp("10.0.1.2:4000", "10.0.0.53:80", ack));
                    CHECK(net::load_be16(&through[20]) == port);
                } else {
                    CHECK(again.exchange(from, data) ==
                          tcp("10.0.0.53:80", "10.0.1.2:4000", ack).ttl(63).bytes());
                }
            }
            // what it came back with is mirrored again
            CHECK(again.store.value("data/net/nat/tcp/10/0/1/2/20/4000"));
        }
    }
}

TEST_CASE("Without the store the guest goes on forwarding") {
    World world;
    world.store.disconnect();
    CHECK(world.exchange(Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53")) ==
          udp("10.0.0.1:4000", "10.0.0.53:53").ttl(63).bytes());
    CHECK(world.exchange(Side::outside, udp("10.0.0.53:53", "10.0.0.1:4000")) ==
          udp("10.0.0.53:53", "10.0.1.2:4000").ttl(63).bytes());
}

TEST_CASE("A full store is told once, counted, and no packet waits for it") {
    World world;
    world.store.node_quota = world.store.tree().size() + 3;
    for (std::uint16_t i = 0; i < 50; ++i) {
        auto packet = udp("10.0.1.2:1", "10.0.0.53:53");
        packet.source.port = static_cast<std::uint16_t>(4000 + i);
        world.exchange(Side::inside, packet);
    }
    world.store.node_quota = SIZE_MAX;
    std::size_t told = 0;
    for (const auto& line : world.console.lines)
        told += line.find("no room") != std::string::npos;
    CHECK(told == 1);
    world.run(30'000);
    CHECK(world.console.lines.back() == "nat: the store shows the whole table again");
    CHECK(world.stat("nat-mappings") == "50");
    CHECK(world.stat("nat-mirror-partial") == "0");
}

TEST_CASE("The counters are in the store a second later") {
    World world;
    world.exchange(Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53"));
    world.exchange(Side::outside, udp("10.0.0.53:53", "10.0.0.1:4000"));
    world.send(Side::outside, udp("10.0.0.53:53", "10.0.0.1:4001"));
    world.run(2000);
    CHECK(world.stat("nat-out") == "1");
    CHECK(world.stat("nat-in") == "1");
    CHECK(world.stat("nat-dropped-unsolicited") == "1");
    CHECK(world.stat("nat-mappings") == "1");
    CHECK(world.stat("nat-mirror-mirrored") == "1");
}

TEST_CASE("A guest with nothing to do asks for no further turn") {
    World world;
    world.exchange(Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53"));
    // while there is a mapping the clock ticks; until it and the neighbours are forgotten
    for (int turns = 0; world.next != rt::Instant::never() && turns < 20'000; ++turns) {
        if (world.next > world.clock.now()) world.clock.advance(world.next - world.clock.now());
        world.run(1);
    }
    CHECK(world.next == rt::Instant::never());
    CHECK(world.stat("nat-mappings") == "0");
    CHECK(world.store.waiting() == 0);
}

TEST_CASE("More frames than a turn takes are taken in the next, which is due at once") {
    World world("mirror=off");
    world.exchange(Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53"));
    for (int i = 0; i < 200; ++i)
        world.send(Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53"));
    const auto now = world.clock.now();
    CHECK(world.guest->run(now) == now);
    CHECK(world.port(Side::inside).sent.empty());
    CHECK(world.port(Side::outside).sent.size() == NatGuest::frames_per_turn);
    world.run();
    CHECK(world.got(Side::outside).size() == 200);
}

TEST_CASE("More timers than a turn takes fire in the next, which is due at once") {
    World world("mirror=off");
    constexpr std::size_t flows = 3 * NatGuest::timers_per_turn;
    for (std::size_t i = 0; i < flows; ++i) {
        auto packet = udp("10.0.1.2:1", "10.0.0.53:53");
        packet.source.port = static_cast<std::uint16_t>(4000 + i);
        world.send(Side::inside, packet);
    }
    world.run();
    const auto& guest = static_cast<const NatGuest&>(*world.guest);
    REQUIRE(guest.table().mapping_count() == flows);
    // past the last check, then to the end of all
    for (int i = 0; i < 10; ++i) {
        world.clock.advance(rt::Duration::seconds(29));
        world.run();
    }
    REQUIRE(guest.table().mapping_count() == flows);
    world.clock.advance(rt::Duration::seconds(60));
    const auto now = world.clock.now();
    int turns = 1;
    for (; world.guest->run(now) == now && turns < 100; ++turns) {
    }
    CHECK(turns > 2);
    CHECK(turns < 100);
    CHECK(guest.table().mapping_count() == 0);
}

TEST_CASE("Without a gateway what is not on the link is not sent") {
    World world("mirror=off");
    world.send(Side::inside, udp("10.0.1.2:4000", "192.0.2.1:53"));
    world.run(2000);
    CHECK(world.got(Side::outside).empty());
    CHECK(world.stat("nat-dropped-unroutable") == "1");
}

}  // namespace stemma::nat
