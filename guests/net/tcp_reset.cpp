#include "net/tcp_reset.hpp"

#include "net/byte_order.hpp"
#include "net/checksum.hpp"

namespace stemma::net {

void send_tcp_reset(const LocalPacket& packet, const TcpHeader& header) {
    if (header.has(TcpHeader::rst)) return;
    auto& interface = packet.interface;
    if (!interface.icmp_limit().take(packet.now)) {
        ++interface.counters().icmp_errors_limited;
        return;
    }
    const auto frame = interface.reserve(Ipv4Header::size + TcpHeader::size);
    if (frame.empty()) return;
    TcpHeader reset;
    reset.source_port = header.destination_port;
    reset.destination_port = header.source_port;
    reset.flags = TcpHeader::rst;
    if (header.has(TcpHeader::ack)) {
        reset.sequence = header.acknowledgement;
    } else {
        const auto text = packet.payload.size() - header.header_length;
        reset.flags |= TcpHeader::ack;
        reset.acknowledgement = header.sequence + static_cast<std::uint32_t>(text) +
                                header.has(TcpHeader::syn) + header.has(TcpHeader::fin);
    }
    Ipv4Header ip;
    ip.source = packet.ip.destination;
    ip.destination = packet.ip.source;
    ip.total_length = Ipv4Header::size + TcpHeader::size;
    ip.protocol = ip_protocol::tcp;
    ip.dont_fragment = true;
    ip.write(frame.subspan<EthernetHeader::size, Ipv4Header::size>());
    const auto segment = frame.subspan<EthernetHeader::size + Ipv4Header::size, TcpHeader::size>();
    reset.write(segment);
    store_be16(&segment[16],
               transport_checksum(ip.source, ip.destination, ip_protocol::tcp, segment));
    interface.send_reply(frame, interface.next_hop(ip.destination).value_or(ip.destination),
                         packet.ethernet.source, packet.now);
}

}  // namespace stemma::net
