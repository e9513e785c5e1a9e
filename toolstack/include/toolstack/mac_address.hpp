#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace stemma::toolstack {

// An Ethernet address, in the order in which it is sent.
struct MacAddress {
    std::array<std::uint8_t, 6> bytes{};

    auto operator<=>(const MacAddress&) const = default;
    bool is_multicast() const { return (bytes[0] & 1) != 0; }
    bool is_zero() const { return *this == MacAddress{}; }
};

// "00:16:3e:0a:0b:0c", either case.
std::optional<MacAddress> parse_mac(std::string_view text);
// Lower case.
std::string to_string(const MacAddress& mac);

// The address of interface `index` of a guest that was given none: Xen's prefix 00:16:3e and a hash
// of name and index, so that it is the same on every apply and after every revert. `attempt` picks
// another where two guests' hashes collide.
MacAddress generated_mac(std::string_view guest, unsigned index, unsigned attempt = 0);
// The first of them that nobody has.
MacAddress free_mac(std::string_view guest, unsigned index,
                    const std::function<bool(const MacAddress&)>& is_taken);

}  // namespace stemma::toolstack
