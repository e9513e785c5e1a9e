#include "net/icmp_error.hpp"

#include <algorithm>

#include "net/byte_order.hpp"
#include "net/checksum.hpp"

namespace stemma::net {

namespace {

constexpr std::size_t headers = Ipv4Header::size + IcmpHeader::size;

}  // namespace

bool may_send_icmp_error(const EthernetHeader& ethernet, const Ipv4Header& header,
                         std::span<const std::uint8_t> packet) {
    if (ethernet.destination.is_group() || header.destination.is_multicast() ||
        header.destination.is_reserved())
        return false;
    if (header.fragment_offset != 0) return false;
    const auto from = header.source;
    if (from.is_unspecified() || from.is_multicast() || from.is_reserved() || from.is_loopback())
        return false;
    if (header.protocol != ip_protocol::icmp) return true;
    const auto message = header.payload(packet);
    return !message.empty() && !icmp_type::is_error(message[0]);
}

std::size_t icmp_error_size(const Ipv4Header& header) {
    return std::min(icmp_error_max, headers + header.total_length);
}

void write_icmp_error(std::span<std::uint8_t> to, const IcmpError& error, Ipv4Address source,
                      const Ipv4Header& header, std::span<const std::uint8_t> packet) {
    const std::size_t size = icmp_error_size(header);
    Ipv4Header outer;
    outer.source = source;
    outer.destination = header.source;
    outer.total_length = static_cast<std::uint16_t>(size);
    outer.protocol = ip_protocol::icmp;
    outer.traffic_class = 0xc0;  // precedence 6 (RFC 1812 section 4.3.2.5)
    outer.dont_fragment = true;
    outer.write(to.first<Ipv4Header::size>());
    const auto message = to.subspan(Ipv4Header::size, size - Ipv4Header::size);
    std::copy_n(packet.begin(), size - headers, message.begin() + IcmpHeader::size);
    IcmpHeader{error.type, error.code, 0, error.rest}.write(message.first<IcmpHeader::size>());
    store_be16(&message[2], checksum(message));
}

void send_icmp_error(Interface& interface, const IcmpError& error,
                     std::span<const std::uint8_t> frame, const EthernetHeader& ethernet,
                     const Ipv4Header& header, rt::Instant now) {
    const auto packet = frame.subspan(EthernetHeader::size);
    if (!may_send_icmp_error(ethernet, header, packet)) return;
    if (!interface.icmp_limit().take(now)) {
        ++interface.counters().icmp_errors_limited;
        return;
    }
    const std::size_t size = icmp_error_size(header);
    const auto reply = interface.reserve(size);
    if (reply.empty()) return;
    write_icmp_error(reply.subspan(EthernetHeader::size), error, interface.address(), header,
                     packet);
    ++interface.counters().icmp_errors_sent;
    interface.send_reply(reply, interface.next_hop(header.source).value_or(header.source),
                         ethernet.source, now);
}

}  // namespace stemma::net
