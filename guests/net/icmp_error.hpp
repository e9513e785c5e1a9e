#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "net/ethernet.hpp"
#include "net/icmp_header.hpp"
#include "net/interface.hpp"
#include "net/ipv4_header.hpp"

namespace stemma::net {

// An error to tell the sender of a packet: RFC 792, its types and codes in icmp_header.hpp.
struct IcmpError {
    std::uint8_t type = icmp_type::unreachable;
    std::uint8_t code = 0;
    std::uint32_t rest = 0;  // the MTU, for fragmentation_needed
};

// Whether an error may be sent about a packet that arrived so: not about an ICMP error, nor about a
// later fragment, nor about what came by broadcast or from no single host (RFC 1122 section 3.2.2,
// RFC 1812 section 4.3.2.7). `packet` is whole, as `header` was read from it.
bool may_send_icmp_error(const EthernetHeader& ethernet, const Ipv4Header& header,
                         std::span<const std::uint8_t> packet);

// The longest packet write_icmp_error() makes (RFC 1812 section 4.3.2.3).
constexpr std::size_t icmp_error_max = 576;

// How long the error about `packet` will be, and the error itself, from `source` to the packet's.
std::size_t icmp_error_size(const Ipv4Header& header);
void write_icmp_error(std::span<std::uint8_t> to, const IcmpError& error, Ipv4Address source,
                      const Ipv4Header& header, std::span<const std::uint8_t> packet);

// Sends the error about the packet in `frame` back through the interface it came by, unless it may
// not be sent or the limit says no; both are counted there.
void send_icmp_error(Interface& interface, const IcmpError& error,
                     std::span<const std::uint8_t> frame, const EthernetHeader& ethernet,
                     const Ipv4Header& header, rt::Instant now);

}  // namespace stemma::net
