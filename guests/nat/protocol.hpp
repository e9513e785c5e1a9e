#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/ipv4_address.hpp"
#include "net/ipv4_header.hpp"

namespace stemma::nat {

// What is translated. The "port" of an ICMP query is its identifier (RFC 5508 section 3.1).
enum class Protocol : std::uint8_t { udp, tcp, icmp };

constexpr std::size_t protocol_count = 3;

// How the store spells it.
constexpr std::string_view name_of(Protocol protocol) {
    constexpr std::string_view names[protocol_count] = {"udp", "tcp", "icmp"};
    return names[static_cast<std::size_t>(protocol)];
}

constexpr std::optional<Protocol> parse_protocol(std::string_view name) {
    for (const auto protocol : {Protocol::udp, Protocol::tcp, Protocol::icmp}) {
        if (name == name_of(protocol)) return protocol;
    }
    return std::nullopt;
}

constexpr std::optional<Protocol> translated_protocol(std::uint8_t ip_protocol) {
    switch (ip_protocol) {
        case net::ip_protocol::udp:
            return Protocol::udp;
        case net::ip_protocol::tcp:
            return Protocol::tcp;
        case net::ip_protocol::icmp:
            return Protocol::icmp;
        default:
            return std::nullopt;
    }
}

// The two networks that the translator joins.
enum class Side : std::uint8_t { inside, outside };

constexpr Side other(Side side) {
    return side == Side::inside ? Side::outside : Side::inside;
}

// What a mapping belongs to, RFC 4787's X:x; one mapping each (REQ-1).
struct InsideEndpoint {
    net::Ipv4Address address;
    std::uint16_t port = 0;
    Protocol protocol = Protocol::udp;

    auto operator<=>(const InsideEndpoint&) const = default;
};

}  // namespace stemma::nat
