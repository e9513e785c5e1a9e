#include "nat/translator.hpp"

#include "net/byte_order.hpp"
#include "net/icmp_header.hpp"
#include "net/tcp_header.hpp"
#include "net/udp_header.hpp"

namespace stemma::nat {

namespace {

// RFC 792; net/icmp_header.hpp has those that a host needs.
constexpr std::uint8_t timestamp_request = 13;
constexpr std::uint8_t timestamp_reply = 14;

constexpr std::uint8_t handshake_flags =
    net::TcpHeader::syn | net::TcpHeader::ack | net::TcpHeader::rst | net::TcpHeader::fin;

// The first segment of a connection, the only one that makes a mapping.
constexpr bool is_first_segment(std::uint8_t flags) {
    return (flags & handshake_flags) == net::TcpHeader::syn;
}

// "This network", loopback, multicast, reserved and broadcast: RFC 1122 section 3.2.1.3.
bool is_special(net::Ipv4Address address) {
    return address.value >> 24 == 0 || address.is_loopback() || address.is_multicast() ||
           address.is_reserved();
}

bool is_directed_broadcast(const net::Ipv4Interface& network, net::Ipv4Address address) {
    // RFC 3021: networks of two addresses have none. The all-zeros form is the old one.
    return network.prefix_length < 31 && network.contains(address) &&
           (address == network.broadcast() || address.value == (address.value & network.mask()));
}

}  // namespace

Translator::Translator(const TranslatorOptions& options, FlowTable& table, Counters& counters,
                       std::uint16_t random)
    : options_(options), table_(table), counters_(counters), identification_(random) {}

Verdict Translator::drop(Counter why) {
    ++counters_[why];
    return {};
}

Verdict Translator::forward(Side to, Counter counter) {
    ++counters_[counter];
    return {.action = Verdict::Action::forward, .to = to};
}

Verdict Translator::answer(const Packet& packet, Counter why, std::uint8_t type, std::uint8_t code,
                           std::size_t next_hop_mtu) {
    ++counters_[why];
    // RFC 1122 section 3.2.2: no error about an error or about a fragment but the first.
    const bool about_error = packet.header.protocol == net::ip_protocol::icmp &&
                             net::icmp_type::is_error(packet.bytes[packet.header.header_length]);
    if (about_error || packet.header.fragment_offset != 0) return {};
    return {.action = Verdict::Action::answer,
            .icmp_type = type,
            .icmp_code = code,
            .next_hop_mtu = static_cast<std::uint16_t>(next_hop_mtu)};
}

Verdict Translator::refuse(const Packet& packet, FlowRefusal why) {
    constexpr Counter counters[] = {Counter::dropped_table_full, Counter::dropped_host_limit,
                                    Counter::dropped_no_port};
    // RFC 5508 REQ-8.
    return answer(packet, counters[static_cast<std::size_t>(why)], net::icmp_type::unreachable,
                  net::icmp_code::administratively_prohibited);
}

bool Translator::overlapping_networks() const {
    return options_.inside.contains(options_.outside.address) ||
           options_.outside.contains(options_.inside.address);
}

bool Translator::is_broadcast(net::Ipv4Address address) const {
    return is_directed_broadcast(options_.inside, address) ||
           is_directed_broadcast(options_.outside, address);
}

bool Translator::may_send(Side from, net::Ipv4Address source) const {
    if (is_special(source) || source == options_.inside.address ||
        source == options_.outside.address)
        return false;
    const auto& link = from == Side::inside ? options_.inside : options_.outside;
    if (is_directed_broadcast(link, source)) return false;
    // Inside, nobody may speak for others (RFC 2827), and there is no route back to other networks.
    if (from == Side::inside) return options_.inside.contains(source);
    return overlapping_networks() || !options_.inside.contains(source);
}

std::optional<Verdict> Translator::judge_addresses(Side from, const Packet& packet) {
    const net::Ipv4Address to = packet.header.destination;
    if (!may_send(from, packet.header.source)) return drop(Counter::dropped_martian);
    if (from == Side::outside) {
        // What is for anybody else, also for the inside network, has not been asked for.
        if (to != options_.outside.address) return drop(Counter::dropped_martian);
        return std::nullopt;
    }
    if (to == options_.inside.address) {
        ++counters_[Counter::local];
        return Verdict{.action = Verdict::Action::local};
    }
    // RFC 4787 REQ-7: where the networks overlap, what was sent here is for the outside one.
    const bool stays_inside = options_.inside.contains(to) && !overlapping_networks();
    if (to != options_.outside.address && (is_special(to) || is_broadcast(to) || stays_inside))
        return drop(Counter::dropped_martian);
    return std::nullopt;
}

Verdict Translator::translate(Side from, std::span<std::uint8_t> bytes, rt::Instant now,
                              Tick tick) {
    const auto header = net::Ipv4Header::read(bytes);
    if (!header) return drop(Counter::dropped_malformed);
    const auto protocol = translated_protocol(header->protocol);
    Packet packet{.bytes = bytes.first(header->total_length),
                  .header = *header,
                  .protocol = protocol.value_or(Protocol::udp),
                  .source = {header->source, 0},
                  .destination = {header->destination, 0},
                  .now = now,
                  .tick = tick};
    if (const auto verdict = judge_addresses(from, packet)) return *verdict;
    if (!protocol) return drop(Counter::dropped_protocol);
    if (header->fragment_offset != 0) return translate_later_fragment(from, packet);
    const Verdict verdict = translate_ports(from, packet);
    return header->more_fragments ? remember_fragment(from, packet, verdict) : verdict;
}

Verdict Translator::translate_later_fragment(Side from, Packet& packet) {
    const auto& header = packet.header;
    const std::size_t end =
        std::size_t{header.fragment_offset} + header.total_length - header.header_length;
    // RFC 3128: a fragment that would overwrite the flags of the first one's TCP header.
    if (end > 65535 || (packet.protocol == Protocol::tcp && header.fragment_offset == 8))
        return drop(Counter::dropped_malformed);
    const auto decision = fragments_.later_fragment(
        {from, header.source, header.destination, header.identification, packet.protocol},
        packet.bytes, packet.now);
    if (decision.fate == FragmentCache::Fate::held) return drop(Counter::fragments_held);
    if (decision.fate == FragmentCache::Fate::dropped) return drop(Counter::dropped_fragment);
    const Side to = decision.rewrite.to;
    if (const auto verdict = judge_hop(packet, to)) return *verdict;
    PacketRewrite rewrite = rewrite_of(packet);
    rewrite.source_address(decision.rewrite.source);
    rewrite.destination_address(decision.rewrite.destination);
    rewrite.identification(decision.rewrite.identification);
    rewrite.hop();
    if (to == Side::outside) return forward(to, Counter::out);
    return forward(to, from == Side::inside ? Counter::hairpinned : Counter::in);
}

Verdict Translator::remember_fragment(Side from, const Packet& packet, Verdict verdict) {
    const FragmentCache::Key key{from, packet.header.source, packet.header.destination,
                                 packet.header.identification, packet.protocol};
    if (verdict.action != Verdict::Action::forward) {
        counters_[Counter::dropped_fragment] += fragments_.first_dropped(key, packet.now);
        return verdict;
    }
    const FragmentCache::Rewrite rewrite{verdict.to,
                                         {net::load_be32(&packet.bytes[12])},
                                         {net::load_be32(&packet.bytes[16])},
                                         net::load_be16(&packet.bytes[4])};
    verdict.releases_fragments = fragments_.first_forwarded(key, rewrite, packet.now);
    return verdict;
}

std::optional<Verdict> Translator::read_transport(Packet& packet) {
    const auto transport = packet.header.payload(packet.bytes);
    if (packet.protocol == Protocol::icmp) {
        if (transport.size() < net::IcmpHeader::size) return drop(Counter::dropped_malformed);
        packet.source.port = packet.destination.port = net::load_be16(&transport[4]);
        return std::nullopt;
    }
    const bool is_tcp = packet.protocol == Protocol::tcp;
    if (is_tcp) {
        // Also in a fragment: RFC 1858 section 3.
        if (transport.size() < net::TcpHeader::size ||
            std::size_t{transport[12]} / 16 * 4 < net::TcpHeader::size)
            return drop(Counter::dropped_malformed);
        packet.tcp_flags = transport[13];
    } else {
        if (transport.size() < net::UdpHeader::size) return drop(Counter::dropped_malformed);
        const std::uint16_t length = net::load_be16(&transport[4]);
        if (length < net::UdpHeader::size ||
            (!packet.header.more_fragments && length > transport.size()))
            return drop(Counter::dropped_malformed);
    }
    packet.source.port = net::load_be16(&transport[0]);
    packet.destination.port = net::load_be16(&transport[2]);
    // No reply could come to port 0; RFC 768 allows it as a source, nobody as a destination.
    if (packet.source.port == 0 || packet.destination.port == 0)
        return drop(Counter::dropped_malformed);
    return std::nullopt;
}

Verdict Translator::translate_ports(Side from, Packet& packet) {
    if (const auto verdict = read_transport(packet)) return *verdict;
    const bool to_shared_address = packet.header.destination == options_.outside.address;
    if (packet.protocol == Protocol::icmp) {
        const std::uint8_t type = packet.bytes[packet.header.header_length];
        if (net::icmp_type::is_error(type)) return translate_error(from, packet);
        const bool is_query = type == net::icmp_type::echo_request || type == timestamp_request;
        const bool is_reply = type == net::icmp_type::echo_reply || type == timestamp_reply;
        if (is_query && to_shared_address) {
            ++counters_[Counter::local];
            return {.action = Verdict::Action::local};
        }
        // Queries go out and replies come in; nobody inside is asked from outside.
        if (from == Side::inside ? !is_query : !is_reply) return drop(Counter::dropped_protocol);
        return from == Side::inside ? translate_outbound(packet) : translate_inbound(packet);
    }
    if (from == Side::outside) return translate_inbound(packet);
    return to_shared_address ? translate_hairpin(packet) : translate_outbound(packet);
}

std::optional<Verdict> Translator::judge_hop(const Packet& packet, Side to) {
    if (packet.header.time_to_live <= 1)
        return answer(packet, Counter::dropped_ttl, net::icmp_type::time_exceeded, 0);
    // RFC 4787 REQ-13. Without "don't fragment" the sender of the frame splits it; options would
    // have to be sorted into those that each fragment carries and those of the first alone.
    if (packet.header.total_length > mtu(to)) {
        if (packet.header.dont_fragment)
            return answer(packet, Counter::dropped_too_big, net::icmp_type::unreachable,
                          net::icmp_code::fragmentation_needed, mtu(to));
        if (packet.header.header_length != net::Ipv4Header::size)
            return drop(Counter::dropped_too_big);
    }
    return std::nullopt;
}

void Translator::follow_tcp(SessionId session, Side from, const Packet& packet) {
    const TcpState state = table_.session(session).state;
    const TcpStep step = tcp_step(state, from, packet.tcp_flags);
    if (step.state != state)
        table_.set_state(session, step.state, packet.tick);
    else if (step.refresh)
        table_.refresh(session, packet.tick);
}

std::expected<std::uint16_t, Verdict> Translator::open_outbound(const Packet& packet,
                                                                const InsideEndpoint& inside,
                                                                net::Ipv4Endpoint remote) {
    TcpState state = TcpState::none;
    if (packet.protocol == Protocol::tcp) {
        state = TcpState::inside_syn;
        if (!is_first_segment(packet.tcp_flags)) {
            const MappingId id = table_.find_inside(inside);
            if (id == no_flow) return std::unexpected(drop(Counter::dropped_no_syn));
            const Mapping& mapping = table_.mapping(id);
            // RFC 6146 section 3.5.2.2, CLOSED: translated, and nothing remembered.
            if (!mapping.adopts_streams || (packet.tcp_flags & net::TcpHeader::rst) != 0)
                return mapping.outside_port;
            state = tcp_step(TcpState::established, Side::inside, packet.tcp_flags).state;
        }
    }
    const auto session = table_.open(inside, remote, state, packet.tick);
    if (!session) return std::unexpected(refuse(packet, session.error()));
    return table_.session(*session).outside_port;
}

std::expected<std::uint16_t, Verdict> Translator::pass_outbound(const Packet& packet) {
    const InsideEndpoint inside{packet.source.address, packet.source.port, packet.protocol};
    const auto remote =
        session_remote(table_.options().filtering, packet.protocol, packet.destination);
    const SessionId session = table_.find_session(inside, remote);
    if (session == no_flow) return open_outbound(packet, inside, remote);
    if (packet.protocol == Protocol::tcp)
        follow_tcp(session, Side::inside, packet);
    else
        table_.refresh(session, packet.tick);
    return table_.session(session).outside_port;
}

bool Translator::lets_in(const Mapping& mapping, net::Ipv4Endpoint remote) const {
    if (mapping.is_static) return true;
    switch (table_.options().filtering) {
        case Filtering::endpoint_independent:
            return true;
        case Filtering::address_dependent:
            return mapping.inside.protocol == Protocol::tcp &&
                   table_.is_permitted(mapping.inside, remote.address);
        case Filtering::address_and_port_dependent:
            return false;
    }
    return false;
}

std::expected<net::Ipv4Endpoint, Verdict> Translator::pass_inbound(const Packet& packet) {
    const MappingId id = table_.find_outside(packet.protocol, packet.destination.port);
    // A SYN too: policy is to say nothing, now or after 6 seconds (RFC 5382 REQ-4a).
    if (id == no_flow) return std::unexpected(drop(Counter::dropped_unsolicited));
    const Mapping& mapping = table_.mapping(id);
    const InsideEndpoint inside = mapping.inside;
    const auto remote = session_remote(table_.options().filtering, packet.protocol, packet.source);
    const SessionId session = table_.find_session(inside, remote);
    if (session == no_flow && !lets_in(mapping, packet.source))
        return std::unexpected(drop(Counter::dropped_filtered));
    if (const auto verdict = judge_hop(packet, Side::inside)) return std::unexpected(*verdict);
    if (packet.protocol == Protocol::tcp) {
        if (session != no_flow) {
            follow_tcp(session, Side::outside, packet);
        } else if (is_first_segment(packet.tcp_flags)) {
            const auto opened = table_.open(inside, remote, TcpState::outside_syn, packet.tick);
            if (!opened) return std::unexpected(refuse(packet, opened.error()));
        }
    }
    // RFC 4787 REQ-6: what comes in does not keep a mapping alive.
    return net::Ipv4Endpoint{inside.address, inside.port};
}

PacketRewrite Translator::rewrite_of(const Packet& packet) const {
    return {packet.bytes, packet.header.header_length, packet.protocol,
            packet.header.fragment_offset == 0};
}

bool Translator::needs_identification(const Packet& packet) const {
    return packet.header.is_fragment() ||
           (!packet.header.dont_fragment && packet.header.total_length > mtu(Side::outside));
}

Verdict Translator::translate_outbound(Packet& packet) {
    if (const auto verdict = judge_hop(packet, Side::outside)) return *verdict;
    const auto port = pass_outbound(packet);
    if (!port) return port.error();
    PacketRewrite rewrite = rewrite_of(packet);
    rewrite.source({options_.outside.address, *port});
    if (needs_identification(packet)) rewrite.identification(identification_++);
    rewrite.hop();
    return forward(Side::outside, Counter::out);
}

Verdict Translator::translate_inbound(Packet& packet) {
    const auto to = pass_inbound(packet);
    if (!to) return to.error();
    PacketRewrite rewrite = rewrite_of(packet);
    rewrite.destination(*to);
    rewrite.hop();
    return forward(Side::inside, Counter::in);
}

Verdict Translator::translate_hairpin(Packet& packet) {
    if (table_.find_outside(packet.protocol, packet.destination.port) == no_flow)
        return drop(Counter::dropped_unsolicited);
    if (const auto verdict = judge_hop(packet, Side::inside)) return *verdict;
    const auto port = pass_outbound(packet);
    if (!port) return port.error();
    // RFC 4787 REQ-9a: the receiver sees the sender's outside address and port.
    packet.source = {options_.outside.address, *port};
    const auto to = pass_inbound(packet);
    if (!to) return to.error();
    PacketRewrite rewrite = rewrite_of(packet);
    rewrite.source(packet.source);
    rewrite.destination(*to);
    if (needs_identification(packet)) rewrite.identification(identification_++);
    rewrite.hop();
    return forward(Side::inside, Counter::hairpinned);
}

}  // namespace stemma::nat
