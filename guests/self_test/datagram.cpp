#include "self_test/datagram.hpp"

#include <algorithm>

namespace stemma::self_test {

std::optional<Datagram> Datagram::read(std::span<const std::uint8_t> packet) {
    const auto ip = net::Ipv4Header::read(packet);
    if (!ip || ip->is_fragment() || ip->protocol != net::ip_protocol::udp) return std::nullopt;
    const auto transport = ip->payload(packet);
    const auto udp = net::UdpHeader::read(transport);
    if (!udp || udp->length != transport.size() || udp->checksum == 0) return std::nullopt;
    if (!net::udp_checksum_is_good(ip->source, ip->destination, transport)) return std::nullopt;
    const auto data = transport.subspan(net::UdpHeader::size);
    return Datagram{{ip->source, udp->source_port},
                    {ip->destination, udp->destination_port},
                    {data.begin(), data.end()},
                    ip->time_to_live};
}

std::vector<std::uint8_t> Datagram::packet(std::size_t before) const {
    constexpr std::size_t headers = net::Ipv4Header::size + net::UdpHeader::size;
    std::vector<std::uint8_t> bytes(before + headers);
    net::Ipv4Header ip;
    ip.source = source.address;
    ip.destination = destination.address;
    ip.total_length = static_cast<std::uint16_t>(headers + payload.size());
    ip.protocol = net::ip_protocol::udp;
    ip.time_to_live = time_to_live;
    const std::span room = std::span(bytes).subspan(before);
    ip.write(room.first<net::Ipv4Header::size>());
    net::make_udp_header(source.address, source.port, destination.address, destination.port,
                         payload)
        .write(room.subspan<net::Ipv4Header::size, net::UdpHeader::size>());
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
}

}  // namespace stemma::self_test
