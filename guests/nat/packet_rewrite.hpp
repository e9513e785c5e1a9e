#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nat/protocol.hpp"
#include "net/byte_order.hpp"
#include "net/checksum.hpp"
#include "net/ipv4_header.hpp"
#include "net/text.hpp"

namespace stemma::nat {

// Changes fields of an IPv4 packet and of the checksums that cover them, by RFC 1624 equation 3: a
// checksum that was wrong stays wrong by the same amount, for the receiver to see.
class PacketRewrite {
  public:
    // `packet` begins at the IPv4 header, of which `header` was read; it may end early, as the
    // packet inside an ICMP error does (RFC 792: 8 bytes of the transport are there). `cover`: the
    // checksum field of a message around the packet, at an even distance.
    PacketRewrite(std::span<std::uint8_t> packet, std::size_t header_length, Protocol protocol,
                  bool has_ports, std::uint8_t* cover = nullptr)
        : packet_(packet),
          transport_(header_length),
          protocol_(protocol),
          has_ports_(has_ports),
          cover_(cover) {}

    // Fragments but the first have no ports: only their address changes. The port of an ICMP query
    // is its identifier.
    void source(net::Ipv4Endpoint to) {
        address(12, to.address.value);
        if (has_ports_) port(protocol_ == Protocol::icmp ? 4 : 0, to.port);
    }
    void destination(net::Ipv4Endpoint to) {
        address(16, to.address.value);
        if (has_ports_) port(protocol_ == Protocol::icmp ? 4 : 2, to.port);
    }
    void source_address(net::Ipv4Address to) { address(12, to.value); }
    void destination_address(net::Ipv4Address to) { address(16, to.value); }

    void identification(std::uint16_t to) { header_field(4, to); }
    // RFC 1812 section 5.3.1; the time to live is not 0.
    void hop() { header_field(8, static_cast<std::uint16_t>(net::load_be16(&packet_[8]) - 0x100)); }

  private:
    static constexpr std::size_t header_checksum = 10;

    // Where the transport's own checksum is, from its start.
    std::size_t transport_checksum() const {
        if (protocol_ == Protocol::udp) return transport_ + 6;
        return transport_ + (protocol_ == Protocol::tcp ? 16 : 2);
    }

    void put(std::size_t at, std::uint16_t value) {
        if (cover_ != nullptr) {
            const std::uint16_t sum = net::load_be16(cover_);
            net::store_be16(cover_,
                            net::update_checksum16(sum, net::load_be16(&packet_[at]), value));
        }
        net::store_be16(&packet_[at], value);
    }

    // The checksum of the transport after `from` became `to` where it looks.
    void update_transport(std::uint16_t from, std::uint16_t to) {
        const std::size_t at = transport_checksum();
        if (packet_.size() < at + 2) return;
        const std::uint16_t sum = net::load_be16(&packet_[at]);
        put(at, protocol_ == Protocol::udp ? net::update_udp_checksum16(sum, from, to)
                                           : net::update_checksum16(sum, from, to));
    }

    void header_field(std::size_t at, std::uint16_t to) {
        const std::uint16_t from = net::load_be16(&packet_[at]);
        const std::uint16_t sum = net::load_be16(&packet_[header_checksum]);
        put(at, to);
        put(header_checksum, net::update_checksum16(sum, from, to));
    }

    void address(std::size_t at, std::uint32_t to) {
        for (std::size_t half = 0; half < 4; half += 2) {
            const std::uint16_t from = net::load_be16(&packet_[at + half]);
            const auto part = static_cast<std::uint16_t>(half == 0 ? to >> 16 : to);
            header_field(at + half, part);
            // UDP and TCP sum a pseudo header with the addresses; ICMP does not.
            if (has_ports_ && protocol_ != Protocol::icmp) update_transport(from, part);
        }
    }

    void port(std::size_t at, std::uint16_t to) {
        const std::uint16_t from = net::load_be16(&packet_[transport_ + at]);
        put(transport_ + at, to);
        update_transport(from, to);
    }

    std::span<std::uint8_t> packet_;
    std::size_t transport_;
    Protocol protocol_;
    bool has_ports_;
    std::uint8_t* cover_;
};

}  // namespace stemma::nat
