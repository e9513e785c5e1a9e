#include "dns/dns_service.hpp"

#include <algorithm>

namespace stemma::dns {

// The stack has dropped what came from, or was for, a broadcast or multicast address, so that no
// answer can be multiplied; a source port of 0 wants none (RFC 768).
void DnsService::datagram(net::UdpDatagram& datagram) {
    if (datagram.source.port == 0) return;
    const auto room = datagram.reserve_reply(std::min(edns_udp_max, datagram.reply_max()));
    if (room.empty()) return;
    if (const std::size_t size = responder_.answer(datagram.payload, room))
        datagram.send_reply(size);
}

}  // namespace stemma::dns
