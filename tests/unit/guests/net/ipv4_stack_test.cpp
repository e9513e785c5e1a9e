#include "net/ipv4_stack.hpp"

#include <catch2/catch.hpp>

#include "frames.hpp"
#include "test_port.hpp"

using namespace stemma::net;
using namespace stemma::net::test;
using stemma::rt::Duration;

namespace {

struct Collector : UdpHandler, IcmpHandler, TcpHandler {
    std::vector<Bytes> datagrams;
    std::vector<std::uint16_t> ports;
    std::vector<IcmpHeader> messages;
    bool take_segments = false;
    int segments = 0;
    void datagram(UdpDatagram& d) override {
        datagrams.emplace_back(d.payload.begin(), d.payload.end());
        ports.push_back(d.destination.port);
    }
    void message(const LocalPacket&, const IcmpHeader& header) override {
        messages.push_back(header);
    }
    bool segment(const LocalPacket&, const TcpHeader&) override {
        ++segments;
        return take_segments;
    }
};

struct Host {
    TestPort port;
    TestEntropy entropy;
    TestClock clock;
    Interface interface;
    Ipv4Stack stack;
    Collector collector;

    Host(std::uint8_t last, const char* own, std::optional<Ipv4Address> gateway = std::nullopt)
        : port(mac(last)), interface(0, port, {*parse_interface(own), gateway}, entropy) {
        stack.add(interface);
    }
    void receive(const Bytes& frame) {
        port.inject(frame);
        stack.receive(clock.now(), 16);
    }
    void run() {
        stack.receive(clock.now(), 16);
        stack.run(clock.now());
    }
};

const Peers peers{mac(1), mac(2), {ip("10.0.0.1"), 7}, {ip("10.0.0.2"), 4000}};

Bytes tcp_frame(std::uint8_t flags, std::uint32_t sequence, std::uint32_t acknowledgement,
                std::size_t text) {
    Bytes segment(20 + text);
    TcpHeader header;
    header.source_port = peers.from.port;
    header.destination_port = peers.to.port;
    header.flags = flags;
    header.sequence = sequence;
    header.acknowledgement = acknowledgement;
    header.write(std::span(segment).first<20>());
    store_be16(&segment[16],
               transport_checksum(peers.from.address, peers.to.address, ip_protocol::tcp, segment));
    return ip_frame(peers.ethernet(), peers.header(ip_protocol::tcp), segment);
}

}  // namespace

TEST_CASE("two hosts that know nothing of each other exchange a datagram") {
    Host a(1, "10.0.0.1/24");
    Host b(2, "10.0.0.2/24");
    b.stack.bind_udp(b.collector, 7, 7);
    Wire wire(a.port, b.port);
    CHECK(a.stack.send_udp(9, {ip("10.0.0.2"), 7}, text_bytes("hello"), a.clock.now()) ==
          Sent::waiting);
    do {
        a.run();
        b.run();
    } while (wire.deliver());
    CHECK(b.collector.datagrams == std::vector<Bytes>{text_bytes("hello")});
    CHECK(a.stack.send_udp(9, {ip("10.0.0.2"), 7}, text_bytes("again"), a.clock.now()) ==
          Sent::sent);
}

TEST_CASE("an echo request is answered with the same data, also through a router") {
    for (const char* from : {"10.0.0.2", "10.0.9.2"}) {
        Host host(1, "10.0.0.1/24");
        auto p = peers;
        p.from.address = ip(from);
        for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 56, 1472}) {
            Bytes data(size);
            for (std::size_t i = 0; i < size; ++i)
                data[i] = static_cast<std::uint8_t>(i);
            host.receive(icmp_frame(p, {icmp_type::echo_request, 0, 0, 0x12345678}, data));
            const auto sent = host.port.take_sent();
            REQUIRE(sent.size() == 1);
            const auto parsed = Parsed::read(sent[0]);
            REQUIRE(parsed);
            CHECK(parsed->ethernet.destination == mac(2));
            CHECK(parsed->ip.destination == ip(from));
            CHECK(parsed->icmp->type == icmp_type::echo_reply);
            CHECK(parsed->icmp->rest == 0x12345678);
            CHECK(parsed->data == data);
        }
    }
}

TEST_CASE("an echo request of one's own is answered to the handler") {
    Host a(1, "10.0.0.1/24");
    Host b(2, "10.0.0.2/24");
    a.stack.set_icmp(&a.collector);
    Wire wire(a.port, b.port);
    a.stack.send_echo(ip("10.0.0.2"), 5, 6, text_bytes("data"), a.clock.now());
    do {
        a.run();
        b.run();
    } while (wire.deliver());
    REQUIRE(a.collector.messages.size() == 1);
    CHECK(a.collector.messages[0].type == icmp_type::echo_reply);
    CHECK(a.collector.messages[0].identifier() == 5);
    CHECK(a.collector.messages[0].sequence() == 6);
}

TEST_CASE("datagrams go to the handler of their port, and a closed port is told") {
    Host host(1, "10.0.0.1/24");
    CHECK(host.stack.bind_udp(host.collector, 100, 200));
    CHECK(!host.stack.bind_udp(host.collector, 200, 300));
    CHECK(host.stack.bind_udp(host.collector, 65535, 65535));
    auto p = peers;
    for (const int port : {100, 150, 200, 65535}) {
        p.to.port = static_cast<std::uint16_t>(port);
        host.receive(udp_frame(p, text_bytes("x")));
    }
    CHECK(host.collector.ports == std::vector<std::uint16_t>{100, 150, 200, 65535});
    CHECK(host.port.sent.empty());
    p.to.port = 99;
    host.receive(udp_frame(p, text_bytes("x")));
    CHECK(host.interface.counters().drop_udp_port == 1);
    const auto sent = host.port.take_sent();
    REQUIRE(sent.size() == 1);
    const auto error = Parsed::read(sent[0]);
    REQUIRE(error);
    CHECK(error->icmp->type == icmp_type::unreachable);
    CHECK(error->icmp->code == icmp_code::port_unreachable);
}

TEST_CASE("an unknown protocol is told, an unhandled segment reset") {
    Host host(1, "10.0.0.1/24");
    host.receive(ip_frame(peers.ethernet(), peers.header(99), text_bytes("x")));
    CHECK(host.interface.counters().drop_protocol == 1);
    CHECK(Parsed::read(host.port.take_sent().at(0))->icmp->code == icmp_code::protocol_unreachable);

    struct Case {
        std::uint8_t flags;
        std::size_t text;
        std::uint8_t reset_flags;
        std::uint32_t sequence;
        std::uint32_t acknowledgement;
    };
    const Case cases[] = {
        {TcpHeader::syn, 0, TcpHeader::rst | TcpHeader::ack, 0, 1001},
        {TcpHeader::fin, 5, TcpHeader::rst | TcpHeader::ack, 0, 1006},
        {TcpHeader::ack, 5, TcpHeader::rst, 2000, 0},
    };
    for (const auto& c : cases) {
        host.receive(tcp_frame(c.flags, 1000, 2000, c.text));
        const auto sent = host.port.take_sent();
        REQUIRE(sent.size() == 1);
        const auto parsed = Parsed::read(sent[0]);
        REQUIRE(parsed);
        CHECK(transport_checksum(ip("10.0.0.1"), ip("10.0.0.2"), ip_protocol::tcp,
                                 parsed->payload) == 0);
        const auto reset = TcpHeader::read(parsed->payload);
        REQUIRE(reset);
        CHECK(reset->flags == c.reset_flags);
        CHECK(reset->sequence == c.sequence);
        CHECK(reset->acknowledgement == c.acknowledgement);
    }
    host.receive(tcp_frame(TcpHeader::rst, 1, 1, 0));
    CHECK(host.port.sent.empty());
    CHECK(host.interface.counters().drop_tcp_port == 4);
    host.stack.set_tcp(&host.collector);
    host.collector.take_segments = true;
    host.receive(tcp_frame(TcpHeader::ack, 1, 1, 0));
    CHECK(host.collector.segments == 1);
    CHECK(host.port.sent.empty());
}

TEST_CASE("each cause of a drop is counted, and none is answered") {
    struct Case {
        const char* what;
        Bytes frame;
        std::uint64_t InterfaceCounters::*counter;
    };
    const auto good = udp_frame(peers, text_bytes("hello"));
    const auto changed = [](Bytes frame, std::size_t at, std::uint8_t value) {
        frame[at] = value;
        return frame;
    };
    const auto from = [&](const char* address) {
        auto p = peers;
        p.from.address = ip(address);
        return udp_frame(p, {});
    };
    auto other = peers;
    other.to.address = ip("10.0.0.3");
    auto fragment = peers.header(ip_protocol::udp);
    fragment.more_fragments = true;
    auto bad_echo = icmp_frame(peers, {icmp_type::echo_request, 0, 0, 1}, text_bytes("x"));
    bad_echo.back() ^= 1;
    auto bad_tcp = tcp_frame(TcpHeader::syn, 1, 1, 1);
    bad_tcp.back() ^= 1;
    const Case cases[] = {
        {"short Ethernet", cut(good, 13), &InterfaceCounters::drop_ethernet},
        {"nothing", {}, &InterfaceCounters::drop_ethernet},
        {"another station", changed(good, 5, 9), &InterfaceCounters::drop_other_mac},
        {"IPv6", changed(changed(good, 12, 0x86), 13, 0xdd), &InterfaceCounters::drop_ether_type},
        {"short ARP", arp_frame(mac(1), {}), &InterfaceCounters::drop_arp},
        {"only Ethernet", cut(good, 14), &InterfaceCounters::drop_ipv4_header},
        {"IP version", changed(good, 14, 0x65), &InterfaceCounters::drop_ipv4_header},
        {"IP length", changed(good, 16, 0xff), &InterfaceCounters::drop_ipv4_header},
        {"IP checksum", changed(good, 24, 0xff), &InterfaceCounters::drop_ipv4_checksum},
        {"from multicast", from("224.0.0.5"), &InterfaceCounters::drop_source},
        {"from broadcast", from("255.255.255.255"), &InterfaceCounters::drop_source},
        {"from the net's broadcast", from("10.0.0.255"), &InterfaceCounters::drop_source},
        {"from loopback", from("127.0.0.1"), &InterfaceCounters::drop_source},
        {"from nobody", from("0.0.0.0"), &InterfaceCounters::drop_source},
        {"from ourselves", from("10.0.0.1"), &InterfaceCounters::drop_source},
        {"to another", udp_frame(other, {}), &InterfaceCounters::drop_destination},
        {"a fragment", ip_frame(peers.ethernet(), fragment, Bytes(8)),
         &InterfaceCounters::drop_fragment},
        {"short UDP", ip_frame(peers.ethernet(), peers.header(ip_protocol::udp), Bytes(7)),
         &InterfaceCounters::drop_udp},
        {"UDP checksum", changed(good, 42, 'j'), &InterfaceCounters::drop_udp},
        {"short ICMP", ip_frame(peers.ethernet(), peers.header(ip_protocol::icmp), Bytes(7)),
         &InterfaceCounters::drop_icmp},
        {"ICMP checksum", bad_echo, &InterfaceCounters::drop_icmp},
        {"ICMP timestamp", icmp_frame(peers, {13, 0, 0, 0}, {}), &InterfaceCounters::drop_icmp},
        {"short TCP", ip_frame(peers.ethernet(), peers.header(ip_protocol::tcp), Bytes(19)),
         &InterfaceCounters::drop_tcp},
        {"TCP checksum", bad_tcp, &InterfaceCounters::drop_tcp},
    };
    for (const auto& c : cases) {
        INFO(c.what);
        Host host(1, "10.0.0.1/24");
        host.stack.bind_udp(host.collector, 0, 65535);
        host.receive(c.frame);
        CHECK(host.interface.counters().*c.counter == 1);
        std::uint64_t drops = 0;
        host.interface.counters().for_each([&](std::string_view name, const std::uint64_t& value) {
            if (name.starts_with("drop_")) drops += value;
        });
        CHECK(drops == 1);
        CHECK(host.port.sent.empty());
        CHECK(host.collector.datagrams.empty());
    }
}

TEST_CASE("no frame, cut or changed anywhere, is read past its end") {
    Host host(1, "10.0.0.1/24", ip("10.0.0.254"));
    host.stack.bind_udp(host.collector, 7, 7);
    host.stack.set_icmp(&host.collector);
    const Bytes frames[] = {
        udp_frame(peers, text_bytes("hello")),
        icmp_frame(peers, {icmp_type::echo_request, 0, 0, 1}, text_bytes("hello")),
        tcp_frame(TcpHeader::syn, 1, 1, 4),
        arp_frame(mac(1), {ArpPacket::request, mac(2), ip("10.0.0.2"), {}, ip("10.0.0.1")}),
    };
    std::mt19937 random(7);
    for (const auto& frame : frames) {
        for (std::size_t size = 0; size <= frame.size(); ++size)
            host.receive(cut(frame, size));
        for (int round = 0; round < 3000; ++round) {
            auto changed = cut(frame, 1 + random() % frame.size());
            for (int i = 0; i < 3; ++i)
                changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
            if (changed.size() >= 34) {  // so that some pass the first gate
                store_be16(&changed[24], 0);
                store_be16(&changed[24], checksum(std::span(changed).subspan(14, 20)));
            }
            host.receive(changed);
            host.clock.advance(Duration::milliseconds(1));
        }
        host.stack.run(host.clock.now());
        host.port.take_sent();
    }
    CHECK(host.interface.counters().received > 12'000);
}

TEST_CASE("a destination is routed to the network it is on, else to the first gateway") {
    Host host(1, "10.0.0.1/24");
    TestPort second_port(mac(9));
    Interface second(1, second_port, {*parse_interface("10.0.1.1/24"), ip("10.0.1.254")},
                     host.entropy);
    host.stack.add(second);
    CHECK(host.stack.route(ip("10.0.0.5"))->interface == &host.interface);
    CHECK(host.stack.route(ip("10.0.1.5"))->interface == &second);
    CHECK(host.stack.route(ip("10.0.1.5"))->next_hop == ip("10.0.1.5"));
    CHECK(host.stack.route(ip("8.8.8.8"))->interface == &second);
    CHECK(host.stack.route(ip("8.8.8.8"))->next_hop == ip("10.0.1.254"));
    Host lonely(1, "10.0.0.1/24");
    CHECK(!lonely.stack.route(ip("8.8.8.8")));
    CHECK(lonely.stack.send_udp(1, {ip("8.8.8.8"), 1}, {}, lonely.clock.now()) == Sent::dropped);
    CHECK(lonely.stack.send_udp(1, {ip("10.0.0.2"), 1}, Bytes(1473), lonely.clock.now()) ==
          Sent::dropped);
}

TEST_CASE("a stack takes frames up to its budget and says when more may wait") {
    Host host(1, "10.0.0.1/24");
    host.stack.bind_udp(host.collector, 7, 7);
    for (int i = 0; i < 5; ++i)
        host.port.inject(udp_frame(peers, text_bytes("x")));
    CHECK(host.stack.receive(host.clock.now(), 3));
    CHECK(host.collector.datagrams.size() == 3);
    CHECK(!host.stack.receive(host.clock.now(), 3));
    CHECK(host.collector.datagrams.size() == 5);
}
