#pragma once

#include "net/local_packet.hpp"
#include "net/tcp_header.hpp"

namespace stemma::net {

// Answers a segment that belongs to no connection by a reset (RFC 9293 section 3.10.7.1), unless it
// is itself one. Shares the limit of the ICMP errors, so that a scan is not answered at line rate.
void send_tcp_reset(const LocalPacket& packet, const TcpHeader& header);

}  // namespace stemma::net
