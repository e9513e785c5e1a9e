#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "net/interface.hpp"
#include "net/ipv4_header.hpp"
#include "net/local_packet.hpp"
#include "net/mac_address.hpp"
#include "net/text.hpp"
#include "net/udp_header.hpp"
#include "rt/time.hpp"

namespace stemma::net {

// A received datagram, its checksum verified, and the means to answer it in place: the payload is
// written straight into the transmit ring, behind room for the headers, which send_reply() fills
// in. Gone when the handler returns.
class UdpDatagram {
  public:
    static constexpr std::size_t headers = Ipv4Header::size + UdpHeader::size;

    // `header` was read from the packet's payload.
    UdpDatagram(const LocalPacket& packet, const UdpHeader& header)
        : source{packet.ip.source, header.source_port},
          destination{packet.ip.destination, header.destination_port},
          payload(packet.payload.subspan(UdpHeader::size, header.length - UdpHeader::size)),
          now(packet.now),
          interface_(packet.interface),
          source_mac_(packet.ethernet.source) {}

    const Ipv4Endpoint source;
    const Ipv4Endpoint destination;
    const std::span<const std::uint8_t> payload;
    const rt::Instant now;

    Interface& interface() const { return interface_; }
    // The longest payload of a reply, by the MTU: replies are not fragmented.
    std::size_t reply_max() const { return interface_.port().mtu() - headers; }

    // Room for a reply of up to `size` bytes, at most reply_max(). Empty when the port has none:
    // the reply is dropped, and counted. A second call gives up what the first one gave.
    std::span<std::uint8_t> reserve_reply(std::size_t size);
    // Sends the first `size` bytes of that room to the source, from the destination, once for each
    // reserve_reply(); does nothing when that found none.
    void send_reply(std::size_t size);

  private:
    Interface& interface_;
    const MacAddress& source_mac_;
    std::span<std::uint8_t> frame_;
};

// Bound to ports of an Ipv4Stack.
class UdpHandler {
  public:
    virtual ~UdpHandler() = default;
    virtual void datagram(UdpDatagram& datagram) = 0;
};

}  // namespace stemma::net
