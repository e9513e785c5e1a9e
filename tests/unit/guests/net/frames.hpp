#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "bytes.hpp"
#include "net/arp_packet.hpp"
#include "net/byte_order.hpp"
#include "net/checksum.hpp"
#include "net/ethernet.hpp"
#include "net/icmp_header.hpp"
#include "net/ipv4_header.hpp"
#include "net/text.hpp"
#include "net/udp_header.hpp"

// Frames as a peer would send them, and what of a sent frame tests look at.
namespace stemma::net::test {

inline Ipv4Address ip(std::string_view text) {
    return parse_ipv4(text).value();
}
inline MacAddress mac(std::uint8_t last) {
    return {{2, 0x16, 0x3e, 0, 0, last}};
}
inline Bytes text_bytes(std::string_view text) {
    return {text.begin(), text.end()};
}

inline Bytes arp_frame(const MacAddress& to, const ArpPacket& packet) {
    Bytes frame(EthernetHeader::size + ArpPacket::size);
    EthernetHeader{to, packet.sender_mac, ether_type::arp}.write(std::span(frame).first<14>());
    packet.write(std::span(frame).subspan<14, 28>());
    return frame;
}

// `ip.total_length` is set here.
inline Bytes ip_frame(const EthernetHeader& ethernet, Ipv4Header ip,
                      std::span<const std::uint8_t> payload) {
    Bytes frame(EthernetHeader::size + Ipv4Header::size);
    ethernet.write(std::span(frame).first<14>());
    ip.total_length = static_cast<std::uint16_t>(Ipv4Header::size + payload.size());
    ip.write(std::span(frame).subspan<14, 20>());
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
}

struct Peers {
    MacAddress to_mac;
    MacAddress from_mac;
    Ipv4Endpoint to;
    Ipv4Endpoint from;

    EthernetHeader ethernet() const { return {to_mac, from_mac, ether_type::ipv4}; }
    Ipv4Header header(std::uint8_t protocol) const {
        Ipv4Header header;
        header.source = from.address;
        header.destination = to.address;
        header.protocol = protocol;
        return header;
    }
};

inline Bytes udp_frame(const Peers& peers, std::span<const std::uint8_t> payload) {
    Bytes datagram(UdpHeader::size);
    UdpHeader{peers.from.port, peers.to.port, static_cast<std::uint16_t>(8 + payload.size()), 0}
        .write(std::span(datagram).first<8>());
    datagram.insert(datagram.end(), payload.begin(), payload.end());
    store_be16(&datagram[6],
               udp_checksum_field(transport_checksum(peers.from.address, peers.to.address,
                                                     ip_protocol::udp, datagram)));
    return ip_frame(peers.ethernet(), peers.header(ip_protocol::udp), datagram);
}

inline Bytes icmp_frame(const Peers& peers, const IcmpHeader& header,
                        std::span<const std::uint8_t> rest) {
    Bytes message(IcmpHeader::size);
    header.write(std::span(message).first<8>());
    message.insert(message.end(), rest.begin(), rest.end());
    store_be16(&message[2], 0);
    store_be16(&message[2], checksum(message));
    return ip_frame(peers.ethernet(), peers.header(ip_protocol::icmp), message);
}

// A frame taken apart, every checksum verified; nothing if one is wrong.
struct Parsed {
    EthernetHeader ethernet;
    Ipv4Header ip;
    Bytes payload;                 // of the IP packet
    std::optional<UdpHeader> udp;  // of a UDP datagram, and its payload below
    std::optional<IcmpHeader> icmp;
    Bytes data;  // behind the transport header

    static std::optional<Parsed> read(const Bytes& frame) {
        Parsed parsed;
        const auto ethernet = EthernetHeader::read(frame);
        if (!ethernet || ethernet->type != ether_type::ipv4) return std::nullopt;
        parsed.ethernet = *ethernet;
        const auto packet = std::span(frame).subspan(14);
        const auto header = Ipv4Header::read(packet);
        if (!header) return std::nullopt;
        parsed.ip = *header;
        const auto payload = header->payload(packet);
        parsed.payload.assign(payload.begin(), payload.end());
        if (header->protocol == ip_protocol::udp) {
            parsed.udp = UdpHeader::read(payload);
            if (!parsed.udp || parsed.udp->checksum == 0 ||
                !udp_checksum_is_good(header->source, header->destination, payload))
                return std::nullopt;
            parsed.data.assign(payload.begin() + 8, payload.end());
        }
        if (header->protocol == ip_protocol::icmp) {
            parsed.icmp = IcmpHeader::read(payload);
            if (!parsed.icmp || checksum(payload) != 0) return std::nullopt;
            parsed.data.assign(payload.begin() + 8, payload.end());
        }
        return parsed;
    }
};

inline std::optional<ArpPacket> read_arp(const Bytes& frame) {
    const auto ethernet = EthernetHeader::read(frame);
    if (!ethernet || ethernet->type != ether_type::arp) return std::nullopt;
    return ArpPacket::read(std::span(frame).subspan(14));
}

}  // namespace stemma::net::test
