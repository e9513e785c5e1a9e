#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stemma::toolstack {

// "10.0.0.1" in host byte order; four decimal numbers without leading zeros (RFC 3986's dotted
// quad, since "010" is read as octal by some).
std::optional<std::uint32_t> parse_ipv4(std::string_view text);
std::string format_ipv4(std::uint32_t address);

// An interface's address with the length of its network's prefix: "10.0.0.1/24".
struct Ipv4Interface {
    std::uint32_t address = 0;  // host byte order
    unsigned prefix = 0;        // 0 to 32

    bool operator==(const Ipv4Interface&) const = default;

    std::uint32_t mask() const { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }
    std::uint32_t network() const { return address & mask(); }
    bool contains(std::uint32_t other) const { return (other & mask()) == network(); }
    // An address that a host can have: not the network's own, not its broadcast address (both exist
    // up to /30; RFC 3021 for /31), not 0/8, loopback, multicast or class E.
    bool is_host() const;
};

std::optional<Ipv4Interface> parse_ipv4_interface(std::string_view text);
std::string to_string(const Ipv4Interface& interface);

}  // namespace stemma::toolstack
