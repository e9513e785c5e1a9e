#pragma once

#include <cstdint>
#include <span>

#include "net/ethernet.hpp"
#include "net/interface.hpp"
#include "net/ipv4_header.hpp"
#include "rt/time.hpp"

namespace stemma::net {

// A packet that was found good and is for one of our addresses.
struct LocalPacket {
    Interface& interface;                 // it came by this one
    std::span<const std::uint8_t> frame;  // whole, with padding if any
    const EthernetHeader& ethernet;
    const Ipv4Header& ip;
    std::span<const std::uint8_t> payload;  // behind the IP header, without padding
    rt::Instant now;
};

}  // namespace stemma::net
