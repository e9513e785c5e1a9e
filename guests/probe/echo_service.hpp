#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/ipv4_stack.hpp"
#include "net/tcp_endpoint.hpp"
#include "rt/time.hpp"

namespace stemma::probe {

// RFC 862 on a port of one's choice, over UDP and TCP: the other end of a probe's streams and
// flows. At most as many connections as the TCP endpoint holds.
class EchoService final : public net::UdpHandler {
  public:
    // False when the stack or the endpoint has no place for it.
    bool start(net::Ipv4Stack& stack, net::TcpEndpoint& tcp, std::uint16_t port);
    // After frames were received.
    void run(rt::Instant now);
    void datagram(net::UdpDatagram& datagram) override;

    std::size_t connections() const { return connections_.size(); }

  private:
    net::TcpEndpoint* tcp_ = nullptr;
    std::vector<net::TcpConnection*> connections_;
};

}  // namespace stemma::probe
