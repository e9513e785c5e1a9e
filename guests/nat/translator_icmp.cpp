#include "nat/translator.hpp"
#include "net/byte_order.hpp"
#include "net/checksum.hpp"
#include "net/icmp_header.hpp"

namespace stemma::nat {

namespace {

// The packet that an ICMP error is about, as far as it is there (RFC 792: 8 bytes of transport).
struct Embedded {
    std::span<std::uint8_t> bytes;
    std::size_t header_length = 0;
    Protocol protocol = Protocol::udp;
    net::Ipv4Endpoint source;
    net::Ipv4Endpoint destination;
};

// Nothing if it is not a packet that could have been translated. Ipv4Header::read() would demand
// that all of it is there. Options are skipped and the transport's checksum is not looked at (RFC
// 5508 REQ-3 b and c).
std::optional<Embedded> read_embedded(std::span<std::uint8_t> bytes) {
    if (bytes.size() < 28 || bytes[0] >> 4 != 4) return std::nullopt;
    Embedded embedded;
    embedded.bytes = bytes;
    embedded.header_length = std::size_t{bytes[0]} % 16 * 4;
    if (embedded.header_length < 20 || bytes.size() < embedded.header_length + 8 ||
        net::checksum(bytes.first(embedded.header_length)) != 0)
        return std::nullopt;
    const auto protocol = translated_protocol(bytes[9]);
    // Later fragments have no ports to find the mapping by.
    const bool later_fragment = (net::load_be16(&bytes[6]) & 0x1fff) != 0;
    if (!protocol || later_fragment) return std::nullopt;
    embedded.protocol = *protocol;
    embedded.source.address = {net::load_be32(&bytes[12])};
    embedded.destination.address = {net::load_be32(&bytes[16])};
    const std::uint8_t* transport = &bytes[embedded.header_length];
    if (*protocol == Protocol::icmp) {
        if (net::icmp_type::is_error(transport[0])) return std::nullopt;
        embedded.source.port = embedded.destination.port = net::load_be16(transport + 4);
    } else {
        embedded.source.port = net::load_be16(transport);
        embedded.destination.port = net::load_be16(transport + 2);
    }
    return embedded;
}

}  // namespace

// RFC 5508 REQ-3 to REQ-7. No session is made, refreshed or ended by an error (REQ-6, RFC 4787
// REQ-12, RFC 5382 REQ-10).
Verdict Translator::translate_error(Side from, Packet& packet) {
    if (packet.header.is_fragment()) return drop(Counter::dropped_fragment);
    const auto message = packet.header.payload(packet.bytes);
    // A redirect is between neighbours, and source quench is no more (RFC 6633).
    if (message[0] == net::icmp_type::redirect || message[0] == net::icmp_type::source_quench)
        return drop(Counter::dropped_protocol);
    if (net::checksum(message) != 0) return drop(Counter::dropped_malformed);
    const auto embedded = read_embedded(message.subspan(net::IcmpHeader::size));
    if (!embedded) return drop(Counter::dropped_stray_error);
    const bool to_shared_address = packet.header.destination == options_.outside.address;
    const Filtering filtering = table_.options().filtering;

    // The one who sent the packet in question, as the error's receiver knows him. It came in, if
    // the error goes out; its sender then is a remote, or by hairpin another inside host.
    net::Ipv4Endpoint embedded_source = embedded->source;
    net::Ipv4Endpoint embedded_destination = embedded->destination;
    if (from == Side::inside) {
        const InsideEndpoint inside{embedded->destination.address, embedded->destination.port,
                                    embedded->protocol};
        const MappingId id = table_.find_inside(inside);
        if (id == no_flow) return drop(Counter::dropped_stray_error);
        embedded_destination = {options_.outside.address, table_.mapping(id).outside_port};
        // Whom the error goes to is who sent the packet.
        if (packet.header.destination != embedded->source.address)
            return drop(Counter::dropped_stray_error);
    }
    if (to_shared_address) {
        if (embedded->source.address != options_.outside.address)
            return drop(Counter::dropped_stray_error);
        const MappingId id = table_.find_outside(embedded->protocol, embedded->source.port);
        if (id == no_flow) return drop(Counter::dropped_stray_error);
        const Mapping& mapping = table_.mapping(id);
        const auto remote = session_remote(filtering, embedded->protocol, embedded_destination);
        if (table_.find_session(mapping.inside, remote) == no_flow &&
            !lets_in(mapping, embedded_destination))
            return drop(Counter::dropped_stray_error);
        embedded_source = {mapping.inside.address, mapping.inside.port};
    }
    const Side to = to_shared_address ? Side::inside : Side::outside;
    if (const auto verdict = judge_hop(packet, to)) return *verdict;

    PacketRewrite inner(embedded->bytes, embedded->header_length, embedded->protocol, true,
                        &message[2]);
    if (embedded_source != embedded->source) inner.source(embedded_source);
    if (embedded_destination != embedded->destination) inner.destination(embedded_destination);
    PacketRewrite outer(packet.bytes, packet.header.header_length, packet.protocol, false);
    // Routers inside have no mapping: the shared address speaks for them (REQ-5 a).
    if (from == Side::inside) outer.source_address(options_.outside.address);
    if (to_shared_address) outer.destination_address(embedded_source.address);
    outer.hop();
    if (from == Side::inside && to == Side::outside) return forward(to, Counter::errors_out);
    return forward(to, from == Side::inside ? Counter::hairpinned : Counter::errors_in);
}

}  // namespace stemma::nat
