#pragma once

#include <cstdint>
#include <span>

namespace stemma::probe {

// The bytes of a stream: the numbers 0, 1, 2 and on, each in eight bytes, most significant first. A
// piece that is lost, doubled or moved does not match, and a capture of it shows where it belongs.
constexpr std::uint8_t pattern_byte(std::uint64_t offset) {
    return static_cast<std::uint8_t>((offset / 8) >> (56 - 8 * (offset % 8)));
}

inline void write_pattern(std::uint64_t offset, std::span<std::uint8_t> to) {
    for (auto& byte : to)
        byte = pattern_byte(offset++);
}

// How many of `bytes` are as they should be from `offset` on, up to the first that is not.
inline std::size_t match_pattern(std::uint64_t offset, std::span<const std::uint8_t> bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (bytes[i] != pattern_byte(offset + i)) return i;
    }
    return bytes.size();
}

}  // namespace stemma::probe
