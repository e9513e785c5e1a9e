#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace stemma::xenstored {

// CRC-32C (Castagnoli; RFC 3720 section 12.1) of `bytes`, going on from `crc`: 0 at first.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t crc = 0);

}  // namespace stemma::xenstored
