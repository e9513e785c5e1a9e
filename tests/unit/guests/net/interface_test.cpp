#include "net/interface.hpp"

#include <catch2/catch.hpp>

#include "frames.hpp"
#include "test_port.hpp"

using namespace stemma::net;
using namespace stemma::net::test;
using stemma::rt::Duration;

namespace {

struct Host {
    TestPort port{mac(1)};
    TestEntropy entropy;
    TestClock clock;
    Interface interface;

    explicit Host(std::optional<Ipv4Address> gateway = ip("10.0.0.254"),
                  const char* own = "10.0.0.1/24")
        : interface(0, port, {*parse_interface(own), gateway}, entropy) {}

    void arp(const ArpPacket& packet, const MacAddress& to = MacAddress::broadcast()) {
        interface.receive_arp(arp_frame(to, packet), clock.now());
    }
    void run() { interface.run(clock.now()); }
    Bytes packet_frame() {
        return udp_frame({{}, {}, {ip("10.0.0.2"), 7}, {ip("10.0.0.1"), 7}}, text_bytes("hello"));
    }
};

}  // namespace

TEST_CASE("an interface answers ARP for its address and learns who asked") {
    Host host;
    host.arp({ArpPacket::request, mac(2), ip("10.0.0.2"), {}, ip("10.0.0.1")});
    const auto sent = host.port.take_sent();
    REQUIRE(sent.size() == 1);
    CHECK(EthernetHeader::read(sent[0])->destination == mac(2));
    CHECK(read_arp(sent[0]) ==
          ArpPacket{ArpPacket::reply, mac(1), ip("10.0.0.1"), mac(2), ip("10.0.0.2")});
    REQUIRE(host.interface.arp().find(ip("10.0.0.2")));
    CHECK(*host.interface.arp().find(ip("10.0.0.2")) == mac(2));
}

TEST_CASE("ARP not for an interface is not answered and makes no entry") {
    Host host;
    host.arp({ArpPacket::request, mac(2), ip("10.0.0.2"), {}, ip("10.0.0.3")});
    host.arp({ArpPacket::reply, mac(2), ip("10.0.0.2"), mac(1), ip("10.0.0.1")});
    host.arp({ArpPacket::request, mac(2), ip("10.9.0.2"), {}, ip("10.0.0.3")});
    CHECK(host.port.sent.empty());
    CHECK(host.interface.arp().size() == 0);
}

TEST_CASE("ARP from no station is dropped, a probe is answered but not learnt") {
    Host host;
    host.arp({ArpPacket::request, MacAddress::broadcast(), ip("10.0.0.2"), {}, ip("10.0.0.1")});
    host.arp({ArpPacket::request, {}, ip("10.0.0.2"), {}, ip("10.0.0.1")});
    host.interface.receive_arp(Bytes(20), host.clock.now());
    CHECK(host.interface.counters().drop_arp == 3);
    CHECK(host.port.sent.empty());
    host.arp({ArpPacket::request, mac(2), {}, {}, ip("10.0.0.1")});
    CHECK(host.port.sent.size() == 1);
    host.arp({ArpPacket::request, mac(2), ip("10.9.9.9"), {}, ip("10.0.0.1")});
    CHECK(host.port.sent.size() == 2);
    CHECK(host.interface.arp().size() == 0);
}

TEST_CASE("an interface announces itself twice, two seconds apart") {
    Host host;
    host.interface.announce(host.clock.now());
    const auto sent = host.port.take_sent();
    REQUIRE(sent.size() == 1);
    CHECK(EthernetHeader::read(sent[0])->destination == MacAddress::broadcast());
    CHECK(read_arp(sent[0]) ==
          ArpPacket{ArpPacket::request, mac(1), ip("10.0.0.1"), {}, ip("10.0.0.1")});
    CHECK(host.interface.run(host.clock.now()) == host.clock.now() + Duration::seconds(2));
    CHECK(host.port.sent.empty());
    host.clock.advance(Duration::seconds(2));
    host.run();
    CHECK(host.port.take_sent().size() == 1);
    host.clock.advance(Duration::seconds(9));
    host.run();
    CHECK(host.port.sent.empty());
}

TEST_CASE("a conflict is counted and defended against at most every ten seconds") {
    Host host;
    for (int i = 0; i < 5; ++i)
        host.arp({ArpPacket::request, mac(9), ip("10.0.0.1"), {}, ip("10.0.0.1")});
    CHECK(host.interface.counters().arp_conflicts == 5);
    CHECK(host.port.take_sent().size() == 1);
    host.arp({ArpPacket::request, mac(1), ip("10.0.0.1"), {}, ip("10.0.0.1")});
    CHECK(host.interface.counters().arp_conflicts == 5);
    host.clock.advance(Duration::seconds(10));
    host.arp({ArpPacket::request, mac(9), ip("10.0.0.1"), {}, ip("10.0.0.1")});
    CHECK(host.port.take_sent().size() == 1);
    CHECK(host.interface.arp().size() == 0);
}

TEST_CASE("the next hop is the destination itself when on-link, else the gateway") {
    Host host;
    const auto hop = [&](const char* to) { return host.interface.next_hop(ip(to)); };
    CHECK(hop("10.0.0.2") == ip("10.0.0.2"));
    CHECK(hop("10.0.1.2") == ip("10.0.0.254"));
    CHECK(hop("8.8.8.8") == ip("10.0.0.254"));
    for (const char* none : {"10.0.0.255", "10.0.0.0", "255.255.255.255", "224.0.0.1", "0.0.0.0"})
        CHECK(!hop(none));
    Host lonely(std::nullopt);
    CHECK(lonely.interface.next_hop(ip("10.0.0.2")) == ip("10.0.0.2"));
    CHECK(!lonely.interface.next_hop(ip("10.0.1.2")));
    Host pair(std::nullopt, "10.0.0.1/31");
    CHECK(pair.interface.next_hop(ip("10.0.0.0")) == ip("10.0.0.0"));
}

TEST_CASE("a frame to a known hop goes out at once with its Ethernet header") {
    Host host;
    host.interface.arp().learn(ip("10.0.0.2"), mac(2), true, host.clock.now());
    auto frame = host.packet_frame();
    const auto packet = Bytes(frame.begin() + 14, frame.end());
    CHECK(host.interface.forward(frame, ip("10.0.0.2"), host.clock.now()) == Sent::sent);
    const auto room = host.interface.reserve(packet.size());
    std::copy(packet.begin(), packet.end(), room.begin() + 14);
    CHECK(host.interface.send_reserved(room, ip("10.0.0.2"), host.clock.now()) == Sent::sent);
    REQUIRE(host.port.sent.size() == 2);
    CHECK(host.port.sent[0] == host.port.sent[1]);
    CHECK(EthernetHeader::read(host.port.sent[0]) ==
          EthernetHeader{mac(2), mac(1), ether_type::ipv4});
    CHECK(Bytes(host.port.sent[0].begin() + 14, host.port.sent[0].end()) == packet);
}

TEST_CASE("frames to an unknown hop wait for the answer and go out in order") {
    Host host;
    auto first = host.packet_frame();
    auto second = first;
    second.push_back(2);
    CHECK(host.interface.forward(first, ip("10.0.0.2"), host.clock.now()) == Sent::waiting);
    const auto room = host.interface.reserve(second.size() - 14);
    std::copy(second.begin() + 14, second.end(), room.begin() + 14);
    CHECK(host.interface.send_reserved(room, ip("10.0.0.2"), host.clock.now()) == Sent::waiting);
    CHECK(host.port.sent.empty());
    host.run();
    const auto asked = host.port.take_sent();
    REQUIRE(asked.size() == 1);
    CHECK(read_arp(asked[0])->target == ip("10.0.0.2"));
    CHECK(host.port.flushes == 1);
    host.arp({ArpPacket::reply, mac(2), ip("10.0.0.2"), mac(1), ip("10.0.0.1")}, mac(1));
    const auto sent = host.port.take_sent();
    REQUIRE(sent.size() == 2);
    CHECK(Bytes(sent[0].begin() + 14, sent[0].end()) == Bytes(first.begin() + 14, first.end()));
    CHECK(Bytes(sent[1].begin() + 14, sent[1].end()) == Bytes(second.begin() + 14, second.end()));
    CHECK(EthernetHeader::read(sent[1])->destination == mac(2));
}

TEST_CASE("frames to a hop that never answers are dropped and counted") {
    Host host;
    auto frame = host.packet_frame();
    host.interface.forward(frame, ip("10.0.0.2"), host.clock.now());
    host.interface.forward(frame, ip("10.0.0.2"), host.clock.now());
    for (int i = 0; i < 3; ++i) {
        host.run();
        host.clock.advance(Duration::seconds(1));
    }
    CHECK(host.interface.counters().drop_unresolved == 0);
    host.run();
    CHECK(host.interface.counters().drop_unresolved == 2);
    CHECK(host.interface.counters().arp_requests_sent == 3);
    host.arp({ArpPacket::reply, mac(2), ip("10.0.0.2"), mac(1), ip("10.0.0.1")});
    CHECK(read_arp(host.port.sent.back()));
}

TEST_CASE("a reply goes back to the MAC it came from unless an entry says otherwise") {
    Host host;
    const auto reply = [&] {
        const auto frame = host.packet_frame();
        const auto room = host.interface.reserve(frame.size() - 14);
        std::copy(frame.begin() + 14, frame.end(), room.begin() + 14);
        host.interface.send_reply(room, ip("10.0.0.2"), mac(5), host.clock.now());
        return EthernetHeader::read(host.port.take_sent().at(0))->destination;
    };
    CHECK(reply() == mac(5));
    CHECK(host.interface.arp().size() == 0);
    host.interface.arp().learn(ip("10.0.0.2"), mac(2), true, host.clock.now());
    CHECK(reply() == mac(2));
}

TEST_CASE("a request for a stale entry does not take the room a reply was built in") {
    Host host;
    host.interface.arp().learn(ip("10.0.0.2"), mac(2), true, host.clock.now());
    host.clock.advance(Duration::seconds(61));
    const auto frame = host.packet_frame();
    const auto room = host.interface.reserve(frame.size() - 14);
    std::copy(frame.begin() + 14, frame.end(), room.begin() + 14);
    CHECK(host.interface.send_reserved(room, ip("10.0.0.2"), host.clock.now()) == Sent::sent);
    host.run();
    const auto sent = host.port.take_sent();
    REQUIRE(sent.size() == 2);
    CHECK(Bytes(sent[0].begin() + 14, sent[0].end()) == Bytes(frame.begin() + 14, frame.end()));
    CHECK(EthernetHeader::read(sent[1])->destination == mac(2));
    CHECK(read_arp(sent[1])->operation == ArpPacket::request);
}

TEST_CASE("a port without room drops and counts") {
    Host host;
    host.interface.arp().learn(ip("10.0.0.2"), mac(2), true, host.clock.now());
    host.port.room = 0;
    auto frame = host.packet_frame();
    CHECK(host.interface.reserve(100).empty());
    CHECK(host.interface.forward(frame, ip("10.0.0.2"), host.clock.now()) == Sent::dropped);
    host.interface.announce(host.clock.now());
    CHECK(host.interface.counters().drop_transmit == 3);
}
