#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "nat/counters.hpp"
#include "nat/flow_table.hpp"
#include "nat/fragment_cache.hpp"
#include "nat/packet_rewrite.hpp"
#include "nat/protocol.hpp"
#include "nat/verdict.hpp"
#include "net/ipv4_address.hpp"
#include "net/ipv4_header.hpp"
#include "net/text.hpp"
#include "rt/time.hpp"

namespace stemma::nat {

// Where the translator stands.
struct TranslatorOptions {
    net::Ipv4Interface inside;
    net::Ipv4Interface outside;  // its address is the one that everybody inside shares
    std::size_t inside_mtu = 1500;
    std::size_t outside_mtu = 1500;
};

// A traditional NAPT (RFC 3022): takes IPv4 packets of one side and says what becomes of them.
// It has no port and no clock. The rules are those of RFC 4787 (UDP), 5382 (TCP), 5508 (ICMP) and
// 7857; docs/nat-rfc.md goes through them one by one.
class Translator {
  public:
    // All references outlive the translator. `random`: where identifications start.
    Translator(const TranslatorOptions& options, FlowTable& table, Counters& counters,
               std::uint16_t random);

    // `packet` is an IPv4 packet as it came, perhaps with padding behind it, for whose `forward`
    // the caller reads the length from its header. `now` and `tick` are the same moment.
    Verdict translate(Side from, std::span<std::uint8_t> packet, rt::Instant now, Tick tick);

    // A fragment that waited for the packet just forwarded: to be given to translate() in its turn,
    // from the same side. Empty when there is none left.
    std::span<std::uint8_t> next_released() { return fragments_.next_released(); }

    std::size_t mtu(Side side) const {
        return side == Side::inside ? options_.inside_mtu : options_.outside_mtu;
    }

  private:
    // One packet on its way through; no copy of its bytes.
    struct Packet {
        std::span<std::uint8_t> bytes;  // without padding
        net::Ipv4Header header;
        Protocol protocol;
        net::Ipv4Endpoint source;  // the port of an ICMP query is its identifier on both ends
        net::Ipv4Endpoint destination;
        std::uint8_t tcp_flags = 0;
        rt::Instant now;
        Tick tick;
    };

    Verdict drop(Counter why);
    Verdict forward(Side to, Counter counter);
    // As drop(), with an ICMP error if the packet may be answered by one.
    Verdict answer(const Packet& packet, Counter why, std::uint8_t type, std::uint8_t code,
                   std::size_t next_hop_mtu = 0);
    Verdict refuse(const Packet& packet, FlowRefusal why);

    bool overlapping_networks() const;
    bool is_broadcast(net::Ipv4Address address) const;
    bool may_send(Side from, net::Ipv4Address source) const;
    // What is not for translation: nothing, or the verdict.
    std::optional<Verdict> judge_addresses(Side from, const Packet& packet);

    Verdict translate_later_fragment(Side from, Packet& packet);
    Verdict translate_ports(Side from, Packet& packet);
    // Reads ports or identifier and flags; nothing when they are not all there.
    std::optional<Verdict> read_transport(Packet& packet);
    // The first fragment of a datagram had this verdict.
    Verdict remember_fragment(Side from, const Packet& packet, Verdict verdict);

    // The time to live and the size allow it to go out on `to`; nothing, or the verdict.
    std::optional<Verdict> judge_hop(const Packet& packet, Side to);

    // Find or make the session of a packet and follow its state; the packet is not changed yet.
    // Outbound: the outside port that stands for its source. Inbound: whom it is for.
    std::expected<std::uint16_t, Verdict> pass_outbound(const Packet& packet);
    std::expected<std::uint16_t, Verdict> open_outbound(const Packet& packet,
                                                        const InsideEndpoint& inside,
                                                        net::Ipv4Endpoint remote);
    std::expected<net::Ipv4Endpoint, Verdict> pass_inbound(const Packet& packet);
    // Without a session for `remote`: the filter lets its packets through to the mapping.
    bool lets_in(const Mapping& mapping, net::Ipv4Endpoint remote) const;
    void follow_tcp(SessionId session, Side from, const Packet& packet);

    Verdict translate_outbound(Packet& packet);
    Verdict translate_inbound(Packet& packet);
    Verdict translate_hairpin(Packet& packet);
    // translator_icmp.cpp
    Verdict translate_error(Side from, Packet& packet);

    PacketRewrite rewrite_of(const Packet& packet) const;
    // Fragments of datagrams that shared an identification must not, now that they share an address
    // (RFC 6864 section 5.3); a packet that cannot be fragmented keeps its own.
    bool needs_identification(const Packet& packet) const;

    TranslatorOptions options_;
    FlowTable& table_;
    Counters& counters_;
    FragmentCache fragments_;
    std::uint16_t identification_;
};

}  // namespace stemma::nat
