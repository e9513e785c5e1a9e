#pragma once

#include <cstdint>

// Sequence numbers compare modulo 2^32 (RFC 9293 section 3.4): right for numbers less than 2^31
// apart, as all that meet here are.
namespace stemma::net {

constexpr bool before(std::uint32_t a, std::uint32_t b) {
    return static_cast<std::int32_t>(a - b) < 0;
}
constexpr bool after(std::uint32_t a, std::uint32_t b) {
    return before(b, a);
}
constexpr std::uint32_t later(std::uint32_t a, std::uint32_t b) {
    return before(a, b) ? b : a;
}

}  // namespace stemma::net
