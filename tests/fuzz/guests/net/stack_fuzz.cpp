// What any station on the link can do to a guest: frames, with time going by between them. Input:
// repeated { flags, length (two bytes), frame }. By its flags a frame is made to pass the first
// gates, which random bytes rarely do: addressed to us, with good checksums, to the port or the
// connection that exists.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "../../../unit/guests/net/test_port.hpp"
#include "net/arp_mirror.hpp"
#include "net/ipv4_stack.hpp"
#include "net/tcp_endpoint.hpp"

using namespace stemma;
using namespace stemma::net;
using net::test::Bytes;

namespace {

constexpr MacAddress own_mac{{2, 0x16, 0x3e, 0, 0, 1}};
constexpr Ipv4Address own{0x0a000001};
constexpr Ipv4Address peer{0x0a000002};

enum Flag : std::uint8_t {
    to_our_mac = 1,
    to_our_address = 2,
    good_ip_checksum = 4,
    good_checksum = 8,
    to_our_port = 16,
    as_the_peer = 32,
    time_passes = 64,
    much_time_passes = 128,
};

struct Echo : UdpHandler, IcmpHandler {
    void datagram(UdpDatagram& datagram) override {
        const auto room = datagram.reserve_reply(datagram.payload.size());
        if (room.size() < datagram.payload.size()) return;
        std::copy(datagram.payload.begin(), datagram.payload.end(), room.begin());
        datagram.send_reply(datagram.payload.size());
    }
    void message(const LocalPacket&, const IcmpHeader&) override {}
};

struct Host {
    test::TestPort port{own_mac};
    test::TestEntropy entropy;
    test::TestClock clock;
    Interface interface {
        0, port, {{own, 24}, Ipv4Address{0x0a0000fe}}, entropy, { .capacity = 16 }
    };
    Ipv4Stack stack;
    TcpEndpoint tcp{stack, entropy};
    ArpMirror mirror{clock, {&interface}};
    Echo echo;
    TcpConnection* call = nullptr;
    std::vector<TcpConnection*> answered;

    Host() {
        stack.add(interface);
        stack.bind_udp(echo, 7, 7);
        stack.set_icmp(&echo);
        tcp.listen(7);
        call = tcp.connect({peer, 7}, clock.now());
    }

    void aim(Bytes& frame, std::uint8_t flags) {
        if ((flags & to_our_mac) != 0 && frame.size() >= 14) {
            store_mac(frame.data(), own_mac);
            if (frame[12] > 8) store_be16(&frame[12], frame[12] & 1 ? 0x0800 : 0x0806);
        }
        if (frame.size() < 34) return;
        const auto packet = std::span(frame).subspan(14);
        if ((flags & to_our_address) != 0) {
            packet[0] = static_cast<std::uint8_t>(0x45 + (packet[0] >> 7));
            store_be16(&packet[2], static_cast<std::uint16_t>(packet.size() - (packet[3] & 1)));
            store_be16(&packet[6], packet[6] & 1 ? 0x2000 : 0);
            store_be32(&packet[16], own.value);
            const std::uint8_t protocols[] = {1, 6, 17};
            packet[9] = protocols[packet[9] % 3];
        }
        if ((flags & as_the_peer) != 0) store_be32(&packet[12], peer.value);
        const std::size_t header = std::size_t{packet[0] & 15U} * 4;
        if (header < 20 || header > packet.size()) return;
        const auto payload = packet.subspan(header);
        if ((flags & to_our_port) != 0 && payload.size() >= 20) {
            const bool to_call = packet[9] == 6 && (flags & as_the_peer) != 0;
            store_be16(&payload[0], to_call ? call->remote().port : 4000);
            store_be16(&payload[2], to_call ? call->local().port : 7);
            if (packet[9] == 17)
                store_be16(&payload[4], static_cast<std::uint16_t>(payload.size()));
            // close to the connection's numbers, so that a handshake can succeed
            if (packet[9] == 6 && payload[8] < 128)
                store_be32(&payload[8], last_sequence + payload[11] % 4);
            if (packet[9] == 6 && payload[4] < 128) store_be32(&payload[4], 5000U + payload[7]);
        }
        if ((flags & good_checksum) != 0) {
            const auto length = std::min<std::size_t>(
                payload.size(), std::max<std::size_t>(load_be16(&packet[2]), header) - header);
            const auto segment = payload.first(length);
            const Ipv4Address from{load_be32(&packet[12])};
            const Ipv4Address to{load_be32(&packet[16])};
            if (packet[9] == 1 && length >= 8) {
                store_be16(&segment[2], 0);
                store_be16(&segment[2], checksum(segment));
            } else if (packet[9] == 6 && length >= 20) {
                store_be16(&segment[16], 0);
                store_be16(&segment[16], transport_checksum(from, to, 6, segment));
            } else if (packet[9] == 17 && length >= 8) {
                store_be16(&segment[6], 0);
                store_be16(&segment[6], transport_checksum(from, to, 17, segment));
            }
        }
        if ((flags & good_ip_checksum) != 0) {
            store_be16(&packet[10], 0);
            store_be16(&packet[10], checksum(packet.first(header)));
        }
    }

    void use(TcpConnection& tcp_connection) {
        const auto readable = tcp_connection.readable();
        const auto count = tcp_connection.write(readable, clock.now());
        tcp_connection.consume(count, clock.now());
        if (tcp_connection.at_end()) tcp_connection.close(clock.now());
    }

    void run() {
        stack.receive(clock.now(), 16);
        tcp.run(clock.now());
        if (auto* connection = tcp.accept()) answered.push_back(connection);
        for (auto* connection : answered)
            use(*connection);
        std::erase_if(answered, [&](TcpConnection* connection) {
            if (connection->state() != TcpConnection::State::closed) return false;
            tcp.release(*connection);
            return true;
        });
        call->write(std::span(own_mac.bytes), clock.now());
        use(*call);
        stack.run(clock.now());
        rt::MirrorChange change;
        mirror.next(change);
        for (const auto& frame : port.take_sent()) {
            if (frame.size() < 14 || frame.size() > 1514) std::abort();
            if (frame.size() >= 54 && frame[23] == 6) {
                last_sequence = load_be32(&frame[38]) + 1;
                if (!interface.arp().find(peer))
                    interface.arp().learn(peer, own_mac, true, clock.now());
            }
        }
    }

    std::uint32_t last_sequence = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Host host;
    std::span<const std::uint8_t> rest(data, size);
    while (rest.size() >= 3) {
        const auto flags = rest[0];
        const auto length = std::min<std::size_t>(load_be16(&rest[1]) % 1600, rest.size() - 3);
        Bytes frame(rest.begin() + 3, rest.begin() + 3 + static_cast<std::ptrdiff_t>(length));
        rest = rest.subspan(3 + length);
        host.aim(frame, flags);
        host.port.inject(frame);
        host.run();
        if ((flags & time_passes) != 0) host.clock.advance(rt::Duration::milliseconds(300));
        if ((flags & much_time_passes) != 0) host.clock.advance(rt::Duration::seconds(20));
        if (host.interface.arp().size() > 16) std::abort();
        if (host.tcp.size() > TcpEndpoint::connections_max) std::abort();
    }
    return 0;
}
