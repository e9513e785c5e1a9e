#pragma once

#include <cstdint>

// What requests cost, in a unit that is about an eighth of a plain READ, so that a client's share
// of the daemon is measured by what it makes the daemon do and not by how often it asks.
namespace stemma::xenstored::effort {

inline constexpr std::uint64_t request = 4;        // any
inline constexpr std::uint64_t node = 1;           // made, removed, or touched first
inline constexpr std::uint64_t watch = 1;          // looked at, for an event
inline constexpr std::uint64_t request_again = 4;  // judged again at a transaction's end
inline constexpr std::uint64_t reply_bytes = 512;  // this many are one unit
inline constexpr std::uint64_t path_bytes = 64;    // of paths that a transaction touches first
inline constexpr std::uint64_t path_levels = 4;

}  // namespace stemma::xenstored::effort
