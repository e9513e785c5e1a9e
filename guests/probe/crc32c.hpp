#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace stemma::probe {

namespace detail {
// The remainder of each byte, of the polynomial 0x1edc6f41 with its bits reversed.
constexpr std::array<std::uint32_t, 256> crc32c_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value & 1) != 0 ? value >> 1 ^ 0x82f63b78 : value >> 1;
        table[i] = value;
    }
    return table;
}();
}  // namespace detail

// CRC-32C (RFC 3720 section 12.1), made piece by piece.
class Crc32c {
  public:
    void add(std::span<const std::uint8_t> bytes) {
        for (const auto byte : bytes)
            remainder_ = detail::crc32c_table[(remainder_ ^ byte) & 0xff] ^ remainder_ >> 8;
    }
    std::uint32_t value() const { return ~remainder_; }

  private:
    std::uint32_t remainder_ = 0xffffffff;
};

}  // namespace stemma::probe
