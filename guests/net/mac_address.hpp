#pragma once

#include <array>
#include <compare>
#include <cstdint>

namespace stemma::net {

// An Ethernet address (IEEE 802), in the order of its bytes on the wire.
struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }

    constexpr bool is_group() const { return (bytes[0] & 1) != 0; }
    auto operator<=>(const MacAddress&) const = default;
};

}  // namespace stemma::net
