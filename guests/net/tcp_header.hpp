#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/byte_order.hpp"

namespace stemma::net {

// RFC 9293 section 3.1.
struct TcpHeader {
    static constexpr std::size_t size = 20;  // without options; what write() writes

    static constexpr std::uint8_t fin = 0x01;
    static constexpr std::uint8_t syn = 0x02;
    static constexpr std::uint8_t rst = 0x04;
    static constexpr std::uint8_t psh = 0x08;
    static constexpr std::uint8_t ack = 0x10;
    static constexpr std::uint8_t urg = 0x20;

    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
    std::uint8_t header_length = size;  // bytes, 20 to 60
    std::uint8_t flags = 0;
    std::uint16_t window = 0;
    std::uint16_t checksum = 0;
    std::uint16_t urgent_pointer = 0;

    bool has(std::uint8_t flag) const { return (flags & flag) != 0; }

    // `segment` is the payload of an IP packet. Nothing if it is shorter than the header says, or
    // the header shorter than five words.
    static std::optional<TcpHeader> read(std::span<const std::uint8_t> segment) {
        if (segment.size() < size) return std::nullopt;
        TcpHeader header;
        header.header_length = static_cast<std::uint8_t>((segment[12] >> 4) * 4);
        if (header.header_length < size || header.header_length > segment.size())
            return std::nullopt;
        header.source_port = load_be16(&segment[0]);
        header.destination_port = load_be16(&segment[2]);
        header.sequence = load_be32(&segment[4]);
        header.acknowledgement = load_be32(&segment[8]);
        header.flags = segment[13] & 0x3f;
        header.window = load_be16(&segment[14]);
        header.checksum = load_be16(&segment[16]);
        header.urgent_pointer = load_be16(&segment[18]);
        return header;
    }

    // The header as it stands, with its checksum field; options up to header_length are the
    // caller's to write.
    void write(std::span<std::uint8_t, size> to) const {
        store_be16(&to[0], source_port);
        store_be16(&to[2], destination_port);
        store_be32(&to[4], sequence);
        store_be32(&to[8], acknowledgement);
        to[12] = static_cast<std::uint8_t>(header_length / 4 << 4);
        to[13] = flags;
        store_be16(&to[14], window);
        store_be16(&to[16], checksum);
        store_be16(&to[18], urgent_pointer);
    }

    bool operator==(const TcpHeader&) const = default;
};

// The maximum segment size among a segment's options (RFC 9293 section 3.2: kind 2, length 4), the
// bytes between the fixed header and header_length. Nothing if absent or if the options are
// malformed before it; those after it do not matter.
inline std::optional<std::uint16_t> read_tcp_mss(std::span<const std::uint8_t> options) {
    while (!options.empty() && options[0] != 0) {
        if (options[0] == 1) {
            options = options.subspan(1);
            continue;
        }
        if (options.size() < 2 || options[1] < 2 || options[1] > options.size())
            return std::nullopt;
        if (options[0] == 2) {
            if (options[1] != 4) return std::nullopt;
            return load_be16(&options[2]);
        }
        options = options.subspan(options[1]);
    }
    return std::nullopt;
}

}  // namespace stemma::net
