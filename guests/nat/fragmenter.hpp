#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "net/ipv4_header.hpp"

namespace stemma::nat {

// Splits an IPv4 packet without options into fragments of at most `mtu` bytes (RFC 791 section 2.3;
// it may be a fragment itself). For each calls `emit(header, payload)` with the header that the
// payload, a part of the packet's, gets. `mtu` is at least 68 (RFC 791).
template <typename Emit>
void split_packet(std::span<const std::uint8_t> packet, const net::Ipv4Header& header,
                  std::size_t mtu, Emit emit) {
    const auto payload = header.payload(packet);
    const std::size_t step = (mtu - net::Ipv4Header::size) / 8 * 8;
    for (std::size_t at = 0; at < payload.size(); at += step) {
        const std::size_t size = std::min(step, payload.size() - at);
        net::Ipv4Header part = header;
        part.fragment_offset = static_cast<std::uint16_t>(header.fragment_offset + at);
        part.more_fragments = header.more_fragments || at + size < payload.size();
        part.total_length = static_cast<std::uint16_t>(net::Ipv4Header::size + size);
        emit(part, payload.subspan(at, size));
    }
}

}  // namespace stemma::nat
