#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/byte_order.hpp"
#include "net/checksum.hpp"
#include "net/ipv4_address.hpp"
#include "net/ipv4_header.hpp"

namespace stemma::net {

// RFC 768: ports at 0 and 2, length at 4, checksum at 6.
struct UdpHeader {
    static constexpr std::size_t size = 8;

    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint16_t length = size;  // bytes, header and payload
    std::uint16_t checksum = 0;   // 0: the sender made none

    // `datagram` is the payload of an IP packet. Nothing if it is short, or if the length is below
    // the header's or beyond the packet's; a longer packet is allowed (RFC 1122 4.1 is silent).
    static std::optional<UdpHeader> read(std::span<const std::uint8_t> datagram) {
        if (datagram.size() < size) return std::nullopt;
        const UdpHeader header{load_be16(&datagram[0]), load_be16(&datagram[2]),
                               load_be16(&datagram[4]), load_be16(&datagram[6])};
        if (header.length < size || header.length > datagram.size()) return std::nullopt;
        return header;
    }

    // The header as it stands, with its checksum field.
    void write(std::span<std::uint8_t, size> to) const {
        store_be16(&to[0], source_port);
        store_be16(&to[2], destination_port);
        store_be16(&to[4], length);
        store_be16(&to[6], checksum);
    }

    bool operator==(const UdpHeader&) const = default;
};

// The header of a datagram with this payload, its checksum made.
inline UdpHeader make_udp_header(Ipv4Address source, std::uint16_t source_port,
                                 Ipv4Address destination, std::uint16_t destination_port,
                                 std::span<const std::uint8_t> payload) {
    UdpHeader header{source_port, destination_port,
                     static_cast<std::uint16_t>(UdpHeader::size + payload.size()), 0};
    Checksum sum;
    sum.add_pseudo_header(source, destination, ip_protocol::udp, header.length);
    sum.add16(source_port);
    sum.add16(destination_port);
    sum.add16(header.length);
    sum.add(payload);
    header.checksum = udp_checksum_field(sum.value());
    return header;
}

// Whether the datagram's checksum is good or absent; `datagram` as long as its header says.
inline bool udp_checksum_is_good(Ipv4Address source, Ipv4Address destination,
                                 std::span<const std::uint8_t> datagram) {
    return load_be16(&datagram[6]) == 0 ||
           transport_checksum(source, destination, ip_protocol::udp, datagram) == 0;
}

}  // namespace stemma::net
