#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stemma::dns {

// An IPv6 address as RFC 4291 2.2 writes them, "::" and a dotted IPv4 tail included, in network
// byte order.
std::optional<std::array<std::uint8_t, 16>> parse_ipv6(std::string_view text);

}  // namespace stemma::dns
