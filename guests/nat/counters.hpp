#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stemma::nat {

// What the translator counts, in packets. Every packet that arrives ends in exactly one of those
// from `out` to `dropped_unresolved`.
enum class Counter : std::uint8_t {
    out,         // translated, inside to outside
    in,          // outside to inside
    hairpinned,  // inside to inside, by the outside address
    errors_out,  // ICMP errors about translated packets
    errors_in,
    local,                // for the translator's own addresses
    fragments_held,       // came before the first of their datagram, and wait for it
    dropped_malformed,    // not IPv4, lengths that do not fit, an ICMP error's bad checksum
    dropped_martian,      // a source or destination that cannot be here
    dropped_protocol,     // neither UDP nor TCP nor an ICMP message that is translated
    dropped_no_syn,       // a TCP segment in mid-stream without a mapping
    dropped_unsolicited,  // from outside, to a port without a mapping
    dropped_filtered,     // from outside, to a mapping that does not let this remote in
    dropped_stray_error,  // an ICMP error about a packet that nobody sent
    dropped_table_full,
    dropped_host_limit,
    dropped_no_port,
    dropped_ttl,
    dropped_too_big,     // with "don't fragment", or no room to fragment it
    dropped_fragment,    // first one refused, never came, or no room to hold it
    dropped_unroutable,  // outside, beyond the link, and no gateway
    dropped_unsent,      // the next hop's address is not known, or the port's ring is full
    count_,
};

constexpr std::size_t counter_count = static_cast<std::size_t>(Counter::count_);

// Under data/net/stats, in the order above.
constexpr std::array<std::string_view, counter_count> counter_names = {
    "nat-out",
    "nat-in",
    "nat-hairpinned",
    "nat-errors-out",
    "nat-errors-in",
    "nat-local",
    "nat-fragments-held",
    "nat-dropped-malformed",
    "nat-dropped-martian",
    "nat-dropped-protocol",
    "nat-dropped-no-syn",
    "nat-dropped-unsolicited",
    "nat-dropped-filtered",
    "nat-dropped-stray-error",
    "nat-dropped-table-full",
    "nat-dropped-host-limit",
    "nat-dropped-no-port",
    "nat-dropped-ttl",
    "nat-dropped-too-big",
    "nat-dropped-fragment",
    "nat-dropped-unroutable",
    "nat-dropped-unsent",
};

class Counters {
  public:
    std::uint64_t& operator[](Counter counter) {
        return values_[static_cast<std::size_t>(counter)];
    }
    std::uint64_t operator[](Counter counter) const {
        return values_[static_cast<std::size_t>(counter)];
    }
    const std::uint64_t& at(std::size_t index) const { return values_[index]; }

  private:
    std::array<std::uint64_t, counter_count> values_{};
};

}  // namespace stemma::nat
