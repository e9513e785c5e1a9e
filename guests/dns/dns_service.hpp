#pragma once

#include "dns/responder.hpp"
#include "net/udp_handler.hpp"

namespace stemma::dns {

// UDP port 53: a Responder that writes its answers straight into the transmit ring.
class DnsService final : public net::UdpHandler {
  public:
    static constexpr std::uint16_t port = 53;

    Responder& responder() { return responder_; }

    void datagram(net::UdpDatagram& datagram) override;

  private:
    Responder responder_;
};

}  // namespace stemma::dns
