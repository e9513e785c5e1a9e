#include "net/udp_handler.hpp"

namespace stemma::net {

std::span<std::uint8_t> UdpDatagram::reserve_reply(std::size_t size) {
    frame_ = interface_.reserve(headers + size);
    if (frame_.empty()) return {};
    return frame_.subspan(EthernetHeader::size + headers);
}

void UdpDatagram::send_reply(std::size_t size) {
    if (frame_.empty()) return;
    const auto frame = frame_.first(EthernetHeader::size + headers + size);
    const auto datagram = frame.subspan(EthernetHeader::size + Ipv4Header::size);
    Ipv4Header ip;
    ip.source = destination.address;
    ip.destination = source.address;
    ip.total_length = static_cast<std::uint16_t>(headers + size);
    ip.protocol = ip_protocol::udp;
    ip.dont_fragment = true;  // and so needs no identification (RFC 6864 section 4.1)
    ip.write(frame.subspan<EthernetHeader::size, Ipv4Header::size>());
    make_udp_header(ip.source, destination.port, ip.destination, source.port,
                    datagram.subspan(UdpHeader::size))
        .write(datagram.first<UdpHeader::size>());
    interface_.send_reply(frame, interface_.next_hop(source.address).value_or(source.address),
                          source_mac_, now);
}

}  // namespace stemma::net
