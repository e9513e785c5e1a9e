#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/ipv4_header.hpp"
#include "net/text.hpp"
#include "net/udp_header.hpp"

namespace stemma::self_test {

// A UDP datagram in an IPv4 packet, as one end of a link sees it.
struct Datagram {
    net::Ipv4Endpoint source;
    net::Ipv4Endpoint destination;
    std::vector<std::uint8_t> payload;
    std::uint8_t time_to_live = 64;

    // Nothing when `packet` is something else, when one of its checksums is wrong, or when UDP's is
    // absent: ours never are.
    static std::optional<Datagram> read(std::span<const std::uint8_t> packet);
    // The packet, behind `before` bytes of room.
    std::vector<std::uint8_t> packet(std::size_t before) const;

    bool operator==(const Datagram&) const = default;
};

}  // namespace stemma::self_test
