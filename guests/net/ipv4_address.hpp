#pragma once

#include <compare>
#include <cstdint>

namespace stemma::net {

// An IPv4 address as a number in host byte order: 10.0.0.2 is 0x0a000002.
struct Ipv4Address {
    std::uint32_t value = 0;

    constexpr bool is_unspecified() const { return value == 0; }
    constexpr bool is_loopback() const { return value >> 24 == 127; }   // RFC 1122 3.2.1.3
    constexpr bool is_multicast() const { return value >> 28 == 0xe; }  // RFC 1112
    constexpr bool is_reserved() const { return value >> 28 == 0xf; }   // RFC 1112, with broadcast
    auto operator<=>(const Ipv4Address&) const = default;
};

// An address with the length of its network's prefix: 10.0.0.1/24.
struct Ipv4Interface {
    Ipv4Address address;
    std::uint8_t prefix_length = 32;  // 0 to 32

    constexpr std::uint32_t mask() const {
        return prefix_length == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix_length);
    }
    constexpr bool contains(Ipv4Address other) const {
        return ((address.value ^ other.value) & mask()) == 0;
    }
    constexpr Ipv4Address broadcast() const { return {address.value | ~mask()}; }
    bool operator==(const Ipv4Interface&) const = default;
};

}  // namespace stemma::net
