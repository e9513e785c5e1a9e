#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "net/byte_order.hpp"
#include "net/checksum.hpp"
#include "net/ipv4_address.hpp"

namespace stemma::net {

// Assigned protocol numbers (IANA).
namespace ip_protocol {
constexpr std::uint8_t icmp = 1;
constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
}  // namespace ip_protocol

// Why bytes are not an IPv4 packet; each is a silent discard (RFC 1122 section 3.2.1).
enum class Ipv4Error : std::uint8_t {
    truncated,      // fewer bytes than the shortest header, or than the header says it has
    version,        // not 4
    header_length,  // below five words
    total_length,   // below the header's length, or beyond what arrived
    checksum,
};

// RFC 791 section 3.1. Options are skipped: header_length tells where they end.
struct Ipv4Header {
    static constexpr std::size_t size = 20;  // without options; what write() writes

    Ipv4Address source;
    Ipv4Address destination;
    std::uint16_t total_length = 0;   // bytes, header and payload; what follows is padding
    std::uint8_t header_length = 20;  // bytes, 20 to 60
    std::uint8_t protocol = 0;
    std::uint8_t time_to_live = 64;
    std::uint8_t traffic_class = 0;  // RFC 2474 and RFC 3168
    std::uint16_t identification = 0;
    std::uint16_t fragment_offset = 0;  // bytes
    bool more_fragments = false;
    bool dont_fragment = false;

    bool is_fragment() const { return more_fragments || fragment_offset != 0; }
    // Of a packet that read() accepted.
    template <typename Byte>
    std::span<Byte> payload(std::span<Byte> packet) const {
        return packet.subspan(header_length, std::size_t{total_length} - header_length);
    }

    // `packet` follows the Ethernet header and may be padded (RFC 894: frames have 46 bytes).
    static std::expected<Ipv4Header, Ipv4Error> read(std::span<const std::uint8_t> packet) {
        if (packet.size() < size) return std::unexpected(Ipv4Error::truncated);
        if (packet[0] >> 4 != 4) return std::unexpected(Ipv4Error::version);
        Ipv4Header header;
        header.header_length = static_cast<std::uint8_t>((packet[0] & 15) * 4);
        if (header.header_length < size) return std::unexpected(Ipv4Error::header_length);
        if (packet.size() < header.header_length) return std::unexpected(Ipv4Error::truncated);
        header.total_length = load_be16(&packet[2]);
        if (header.total_length < header.header_length || header.total_length > packet.size())
            return std::unexpected(Ipv4Error::total_length);
        if (checksum(packet.first(header.header_length)) != 0)
            return std::unexpected(Ipv4Error::checksum);
        header.traffic_class = packet[1];
        header.identification = load_be16(&packet[4]);
        const std::uint16_t fragment = load_be16(&packet[6]);
        header.dont_fragment = (fragment & 0x4000) != 0;
        header.more_fragments = (fragment & 0x2000) != 0;
        header.fragment_offset = static_cast<std::uint16_t>((fragment & 0x1fff) * 8);
        header.time_to_live = packet[8];
        header.protocol = packet[9];
        header.source = {load_be32(&packet[12])};
        header.destination = {load_be32(&packet[16])};
        return header;
    }

    // A header without options, its checksum made; header_length is not looked at.
    void write(std::span<std::uint8_t, size> to) const {
        const auto fragment = static_cast<std::uint16_t>(
            (dont_fragment ? 0x4000 : 0) | (more_fragments ? 0x2000 : 0) | fragment_offset / 8);
        const auto lifetime = static_cast<std::uint16_t>(time_to_live << 8 | protocol);
        const auto first = static_cast<std::uint16_t>(0x4500 | traffic_class);
        // from the values: to load what was just stored in smaller pieces costs more than all this
        Checksum sum;
        sum.add16(first);
        sum.add16(total_length);
        sum.add16(identification);
        sum.add16(fragment);
        sum.add16(lifetime);
        sum.add32(source.value);
        sum.add32(destination.value);
        store_be16(&to[0], first);
        store_be16(&to[2], total_length);
        store_be16(&to[4], identification);
        store_be16(&to[6], fragment);
        store_be16(&to[8], lifetime);
        store_be16(&to[10], sum.value());
        store_be32(&to[12], source.value);
        store_be32(&to[16], destination.value);
    }

    bool operator==(const Ipv4Header&) const = default;
};

}  // namespace stemma::net
