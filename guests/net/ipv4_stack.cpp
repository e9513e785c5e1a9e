#include "net/ipv4_stack.hpp"

#include <algorithm>

#include "net/byte_order.hpp"
#include "net/checksum.hpp"
#include "net/icmp_error.hpp"
#include "net/tcp_reset.hpp"
#include "net/udp_header.hpp"

namespace stemma::net {

bool Ipv4Stack::add(Interface& interface) {
    if (sinks_.size() >= interfaces_max) return false;
    sinks_.push_back(std::make_unique<Sink>(*this, interface));
    return true;
}

bool Ipv4Stack::bind_udp(UdpHandler& handler, std::uint16_t first, std::uint16_t last) {
    if (udp_count_ >= udp_bindings_max) return false;
    for (std::size_t i = 0; i < udp_count_; ++i) {
        if (first <= udp_[i].last && udp_[i].first <= last) return false;
    }
    udp_[udp_count_++] = {&handler, first, last};
    return true;
}

bool Ipv4Stack::receive(rt::Instant now, std::size_t budget) {
    now_ = now;
    bool more = false;
    for (const auto& sink : sinks_)
        more |= sink->interface().port().receive(*sink, budget) >= budget;
    return more;
}

rt::Instant Ipv4Stack::run(rt::Instant now) {
    rt::Instant next = rt::Instant::never();
    for (const auto& sink : sinks_)
        next = std::min(next, sink->interface().run(now));
    return next;
}

bool Ipv4Stack::is_own(Ipv4Address address) const {
    return std::any_of(sinks_.begin(), sinks_.end(),
                       [&](const auto& sink) { return sink->interface().address() == address; });
}

void Ipv4Stack::receive_frame(Interface& interface, std::span<const std::uint8_t> frame) {
    auto& counters = interface.counters();
    ++counters.received;
    const auto ethernet = EthernetHeader::read(frame);
    if (!ethernet) {
        ++counters.drop_ethernet;
        return;
    }
    if (!interface.is_for_us(*ethernet)) {
        ++counters.drop_other_mac;
        return;
    }
    if (ethernet->type == ether_type::arp) {
        interface.receive_arp(frame, now_);
        return;
    }
    if (ethernet->type != ether_type::ipv4) {
        ++counters.drop_ether_type;
        return;
    }
    const auto ip = Ipv4Header::read(frame.subspan(EthernetHeader::size));
    if (!ip) {
        ++(ip.error() == Ipv4Error::checksum ? counters.drop_ipv4_checksum
                                             : counters.drop_ipv4_header);
        return;
    }
    if (!is_own(ip->destination)) {
        ++counters.drop_destination;
        return;
    }
    deliver(interface, frame, *ethernet, *ip, now_);
}

void Ipv4Stack::deliver(Interface& interface, std::span<const std::uint8_t> frame,
                        const EthernetHeader& ethernet, const Ipv4Header& ip, rt::Instant now) {
    auto& counters = interface.counters();
    const auto from = ip.source;
    // RFC 1122 section 3.2.1.3; and nobody but us sends from our addresses
    if (from.is_unspecified() || from.is_loopback() || from.is_multicast() || from.is_reserved() ||
        (interface.network().prefix_length < 31 && from == interface.network().broadcast()) ||
        is_own(from)) {
        ++counters.drop_source;
        return;
    }
    if (ip.is_fragment()) {
        ++counters.drop_fragment;
        return;
    }
    const LocalPacket packet{
        interface, frame, ethernet, ip, ip.payload(frame.subspan(EthernetHeader::size)), now};
    switch (ip.protocol) {
        case ip_protocol::udp:
            return receive_udp(packet);
        case ip_protocol::icmp:
            return receive_icmp(packet);
        case ip_protocol::tcp:
            return receive_tcp(packet);
        default:
            ++counters.drop_protocol;
            send_icmp_error(interface, {icmp_type::unreachable, icmp_code::protocol_unreachable},
                            frame, ethernet, ip, now);
    }
}

void Ipv4Stack::receive_udp(const LocalPacket& packet) {
    const auto udp = UdpHeader::read(packet.payload);
    if (!udp || !udp_checksum_is_good(packet.ip.source, packet.ip.destination,
                                      packet.payload.first(udp->length))) {
        ++packet.interface.counters().drop_udp;
        return;
    }
    for (std::size_t i = 0; i < udp_count_; ++i) {
        const auto& binding = udp_[i];
        if (udp->destination_port < binding.first || udp->destination_port > binding.last) continue;
        UdpDatagram datagram(packet, *udp);
        binding.handler->datagram(datagram);
        return;
    }
    ++packet.interface.counters().drop_udp_port;
    send_icmp_error(packet.interface, {icmp_type::unreachable, icmp_code::port_unreachable},
                    packet.frame, packet.ethernet, packet.ip, packet.now);
}

void Ipv4Stack::receive_icmp(const LocalPacket& packet) {
    const auto icmp = IcmpHeader::read(packet.payload);
    if (!icmp || checksum(packet.payload) != 0) {
        ++packet.interface.counters().drop_icmp;
        return;
    }
    if (icmp->type == icmp_type::echo_request && icmp->code == 0) {
        answer_echo(packet);
    } else if (icmp_ != nullptr &&
               (icmp->type == icmp_type::echo_reply || icmp_type::is_error(icmp->type))) {
        icmp_->message(packet, *icmp);
    } else {
        ++packet.interface.counters().drop_icmp;
    }
}

// The request's message as it is, but for its type (RFC 1122 section 3.2.2.6).
void Ipv4Stack::answer_echo(const LocalPacket& packet) {
    auto& interface = packet.interface;
    const auto frame = interface.reserve(Ipv4Header::size + packet.payload.size());
    if (frame.empty()) return;
    Ipv4Header ip;
    ip.source = packet.ip.destination;
    ip.destination = packet.ip.source;
    ip.total_length = static_cast<std::uint16_t>(Ipv4Header::size + packet.payload.size());
    ip.protocol = ip_protocol::icmp;
    ip.traffic_class = packet.ip.traffic_class;
    ip.dont_fragment = true;
    ip.write(frame.subspan<EthernetHeader::size, Ipv4Header::size>());
    const auto message = frame.subspan(EthernetHeader::size + Ipv4Header::size);
    std::copy(packet.payload.begin(), packet.payload.end(), message.begin());
    message[0] = icmp_type::echo_reply;
    store_be16(&message[2], update_checksum16(load_be16(&message[2]), icmp_type::echo_request << 8,
                                              icmp_type::echo_reply << 8));
    interface.send_reply(frame, interface.next_hop(ip.destination).value_or(ip.destination),
                         packet.ethernet.source, packet.now);
}

void Ipv4Stack::receive_tcp(const LocalPacket& packet) {
    const auto tcp = TcpHeader::read(packet.payload);
    if (!tcp || transport_checksum(packet.ip.source, packet.ip.destination, ip_protocol::tcp,
                                   packet.payload) != 0) {
        ++packet.interface.counters().drop_tcp;
        return;
    }
    if (tcp_ != nullptr && tcp_->segment(packet, *tcp)) return;
    ++packet.interface.counters().drop_tcp_port;
    send_tcp_reset(packet, *tcp);
}

std::optional<Ipv4Stack::Route> Ipv4Stack::route(Ipv4Address destination) const {
    std::optional<Route> by_gateway;
    for (const auto& sink : sinks_) {
        auto& interface = sink->interface();
        const auto next_hop = interface.next_hop(destination);
        if (!next_hop) continue;
        if (*next_hop == destination) return Route{&interface, destination};
        if (!by_gateway) by_gateway = Route{&interface, *next_hop};
    }
    return by_gateway;
}

void Ipv4Stack::write_ip(std::span<std::uint8_t> frame, const Route& route, Ipv4Address destination,
                         std::uint8_t protocol) {
    Ipv4Header ip;
    ip.source = route.interface->address();
    ip.destination = destination;
    ip.total_length = static_cast<std::uint16_t>(frame.size() - EthernetHeader::size);
    ip.protocol = protocol;
    ip.identification = identification_++;  // routers on the way may fragment: RFC 6864
    ip.write(frame.subspan<EthernetHeader::size, Ipv4Header::size>());
}

Sent Ipv4Stack::send_udp(std::uint16_t source_port, const Ipv4Endpoint& to,
                         std::span<const std::uint8_t> payload, rt::Instant now) {
    const auto way = route(to.address);
    const std::size_t size = UdpHeader::size + payload.size();
    if (!way || Ipv4Header::size + size > way->interface->port().mtu()) return Sent::dropped;
    return send(*way, to.address, ip_protocol::udp, size, now, [&](std::span<std::uint8_t> room) {
        make_udp_header(way->interface->address(), source_port, to.address, to.port, payload)
            .write(room.first<UdpHeader::size>());
        std::copy(payload.begin(), payload.end(), room.begin() + UdpHeader::size);
    });
}

Sent Ipv4Stack::send_echo(Ipv4Address to, std::uint16_t identifier, std::uint16_t sequence,
                          std::span<const std::uint8_t> payload, rt::Instant now) {
    const auto way = route(to);
    const std::size_t size = IcmpHeader::size + payload.size();
    if (!way || Ipv4Header::size + size > way->interface->port().mtu()) return Sent::dropped;
    return send(*way, to, ip_protocol::icmp, size, now, [&](std::span<std::uint8_t> room) {
        IcmpHeader{icmp_type::echo_request, 0, 0, std::uint32_t{identifier} << 16 | sequence}.write(
            room.first<IcmpHeader::size>());
        std::copy(payload.begin(), payload.end(), room.begin() + IcmpHeader::size);
        store_be16(&room[2], checksum(room));
    });
}

}  // namespace stemma::net
