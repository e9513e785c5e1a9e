#pragma once

#include <cstdint>

// Numbers as the network carries them, most significant byte first (RFC 1700, page 3). The caller
// has checked that the bytes are there.
namespace stemma::net {

constexpr std::uint16_t load_be16(const std::uint8_t* from) {
    return static_cast<std::uint16_t>(from[0] << 8 | from[1]);
}

constexpr std::uint32_t load_be32(const std::uint8_t* from) {
    return std::uint32_t{load_be16(from)} << 16 | load_be16(from + 2);
}

constexpr void store_be16(std::uint8_t* to, std::uint16_t value) {
    to[0] = static_cast<std::uint8_t>(value >> 8);
    to[1] = static_cast<std::uint8_t>(value);
}

constexpr void store_be32(std::uint8_t* to, std::uint32_t value) {
    store_be16(to, static_cast<std::uint16_t>(value >> 16));
    store_be16(to + 2, static_cast<std::uint16_t>(value));
}

}  // namespace stemma::net
