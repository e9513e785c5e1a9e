#include "unix/partial_checksum.hpp"

#include <cstddef>

#include "net/byte_order.hpp"
#include "net/checksum.hpp"
#include "net/ethernet.hpp"
#include "net/ipv4_header.hpp"

namespace stemma::hosted {

bool complete_checksum(std::span<std::uint8_t> frame) {
    const auto ethernet = net::EthernetHeader::read(frame);
    if (!ethernet || ethernet->type != net::ether_type::ipv4) return false;
    const auto packet = frame.subspan(net::EthernetHeader::size);
    const auto ip = net::Ipv4Header::read(packet);
    if (!ip || ip->is_fragment()) return false;

    const bool is_udp = ip->protocol == net::ip_protocol::udp;
    if (!is_udp && ip->protocol != net::ip_protocol::tcp) return false;
    const std::size_t field = is_udp ? 6 : 16;  // RFC 768; RFC 9293 section 3.1
    const std::size_t header = is_udp ? 8 : 20;
    const auto segment = ip->payload(packet);
    if (segment.size() < header) return false;

    net::store_be16(&segment[field], 0);
    const auto sum = net::transport_checksum(ip->source, ip->destination, ip->protocol, segment);
    net::store_be16(&segment[field], is_udp ? net::udp_checksum_field(sum) : sum);
    return true;
}

}  // namespace stemma::hosted
