#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/ipv4_address.hpp"
#include "net/mac_address.hpp"

// Addresses as people write them. Reading is strict: four decimal numbers without leading zeros
// (inet_aton's octal and short forms are refused), MAC addresses as six pairs of hex digits.
namespace stemma::net {

// A UDP or TCP endpoint: 10.0.0.2:7.
struct Ipv4Endpoint {
    Ipv4Address address;
    std::uint16_t port = 0;

    auto operator<=>(const Ipv4Endpoint&) const = default;
};

// An address on a guest's interface, as its command line has it: vif0,10.0.0.1/24.
struct VifAddress {
    unsigned vif = 0;
    Ipv4Interface interface;

    bool operator==(const VifAddress&) const = default;
};

// Text of at most N bytes in place, so that printing allocates nothing.
template <std::size_t N>
class ShortText {
  public:
    operator std::string_view() const { return view(); }
    std::string_view view() const { return {text_.data(), size_}; }

    void append(char c) { text_[size_++] = c; }
    void append(unsigned number) {
        const auto end = std::to_chars(text_.data() + size_, text_.data() + N, number).ptr;
        size_ = static_cast<std::size_t>(end - text_.data());
    }

  private:
    std::array<char, N> text_{};
    std::size_t size_ = 0;
};

ShortText<15> to_text(Ipv4Address address);
ShortText<18> to_text(const Ipv4Interface& interface);
ShortText<21> to_text(const Ipv4Endpoint& endpoint);
ShortText<17> to_text(const MacAddress& mac);

std::optional<Ipv4Address> parse_ipv4(std::string_view text);
std::optional<Ipv4Interface> parse_interface(std::string_view text);  // a bare address is a /32
std::optional<Ipv4Endpoint> parse_endpoint(std::string_view text);
std::optional<MacAddress> parse_mac(std::string_view text);
std::optional<VifAddress> parse_vif_address(std::string_view text);

// The whole of `text` as a decimal number without leading zeros, at most `limit`.
std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t limit);

}  // namespace stemma::net
