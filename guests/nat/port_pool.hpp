#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "nat/protocol.hpp"

namespace stemma::nat {

// Which ports of the outside address are taken, for one protocol.
class PortPool {
  public:
    bool is_taken(std::uint16_t port) const { return (word_of(port) >> (port & 63) & 1) != 0; }
    // True when `port` was free and is taken now.
    bool take(std::uint16_t port);
    void give_back(std::uint16_t port);
    std::uint32_t taken() const;

    // Takes `wanted` if it is free, else the first free port at or after `start` in the class of
    // `wanted`, where the search wraps. Nothing when the class is used up. Port classes by RFC 4787
    // REQ-3a: 1 to 1,023 and 1,024 to 65,535; ICMP identifiers are one class.
    std::optional<std::uint16_t> take_near(Protocol protocol, std::uint16_t wanted,
                                           std::uint16_t start);

  private:
    std::uint64_t word_of(std::uint16_t port) const { return taken_[port >> 6]; }
    // The first free port in [first, last].
    std::optional<std::uint16_t> first_free(std::uint32_t first, std::uint32_t last) const;

    std::array<std::uint64_t, 1024> taken_{};
};

}  // namespace stemma::nat
