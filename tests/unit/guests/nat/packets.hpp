#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string_view>
#include <vector>

#include "net/byte_order.hpp"
#include "net/checksum.hpp"
#include "net/icmp_header.hpp"
#include "net/ipv4_header.hpp"
#include "net/tcp_header.hpp"
#include "net/text.hpp"
#include "net/udp_header.hpp"
#include "rt/entropy.hpp"

// Packets as the tests of the translator write them, and what they have in common.
namespace stemma::nat::test {

using Bytes = std::vector<std::uint8_t>;

// Numbers of 32 bits, the same in every run.
class Random {
  public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }

  private:
    std::mt19937 engine_;
};

// The same bytes in every run.
class SeededEntropy final : public rt::Entropy {
  public:
    explicit SeededEntropy(std::uint32_t seed = 1) : random_(seed) {}
    void fill(std::span<std::uint8_t> bytes) override {
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(random_());
    }

  private:
    Random random_;
};

inline net::Ipv4Endpoint endpoint(std::string_view text) {
    if (text.find(':') == std::string_view::npos) return {*net::parse_ipv4(text), 0};
    return *net::parse_endpoint(text);
}

// An IPv4 packet under construction: "10.0.1.2:4000" to "10.0.0.53:53".
struct PacketBuilder {
    net::Ipv4Header header;
    net::Ipv4Endpoint source;
    net::Ipv4Endpoint destination;
    std::uint8_t flags = 0;      // TCP
    std::uint8_t icmp_type = 0;  // the identifier is the source's port
    std::uint8_t icmp_code = 0;
    std::uint32_t icmp_rest = 0;        // of an error
    bool no_checksum = false;           // UDP
    std::vector<std::uint8_t> options;  // of the header, a multiple of 4 bytes
    Bytes payload{'s', 't', 'e', 'm', 'm', 'a', '!'};

    PacketBuilder ttl(std::uint8_t value) const {
        auto copy = *this;
        copy.header.time_to_live = value;
        return copy;
    }
    PacketBuilder dont_fragment() const {
        auto copy = *this;
        copy.header.dont_fragment = true;
        return copy;
    }
    PacketBuilder identification(std::uint16_t value) const {
        auto copy = *this;
        copy.header.identification = value;
        return copy;
    }
    PacketBuilder without_checksum() const {
        auto copy = *this;
        copy.no_checksum = true;
        return copy;
    }
    PacketBuilder with_options(std::vector<std::uint8_t> bytes) const {
        auto copy = *this;
        copy.options = std::move(bytes);
        return copy;
    }
    PacketBuilder with_payload(std::size_t size, std::uint8_t fill = 0x5a) const {
        auto copy = *this;
        copy.payload.assign(size, fill);
        return copy;
    }
    PacketBuilder with_payload(const Bytes& bytes) const {
        auto copy = *this;
        copy.payload = bytes;
        return copy;
    }

    // The transport header and payload.
    Bytes transport() const {
        Bytes bytes;
        if (header.protocol == net::ip_protocol::udp) {
            bytes.resize(8);
            net::UdpHeader{source.port, destination.port,
                           static_cast<std::uint16_t>(8 + payload.size()), 0}
                .write(std::span(bytes).first<8>());
        } else if (header.protocol == net::ip_protocol::tcp) {
            bytes.resize(20);
            net::TcpHeader tcp;
            tcp.source_port = source.port;
            tcp.destination_port = destination.port;
            tcp.flags = flags;
            tcp.sequence = 0x01020304;
            tcp.window = 1000;
            tcp.write(std::span(bytes).first<20>());
        } else if (header.protocol == net::ip_protocol::icmp) {
            bytes.resize(8);
            net::IcmpHeader icmp;
            icmp.type = icmp_type;
            icmp.code = icmp_code;
            icmp.rest = net::icmp_type::is_error(icmp_type) ? icmp_rest
                                                            : std::uint32_t{source.port} << 16 | 7;
            icmp.write(std::span(bytes).first<8>());
        }
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        if (header.protocol == net::ip_protocol::udp && !no_checksum)
            net::store_be16(&bytes[6], net::udp_checksum_field(net::transport_checksum(
                                           source.address, destination.address, 17, bytes)));
        if (header.protocol == net::ip_protocol::tcp)
            net::store_be16(&bytes[16],
                            net::transport_checksum(source.address, destination.address, 6, bytes));
        if (header.protocol == net::ip_protocol::icmp)
            net::store_be16(&bytes[2], net::checksum(bytes));
        return bytes;
    }

    Bytes packet_of(const Bytes& body) const {
        net::Ipv4Header ip = header;
        ip.source = source.address;
        ip.destination = destination.address;
        Bytes bytes(20 + options.size());
        ip.total_length = static_cast<std::uint16_t>(bytes.size() + body.size());
        ip.write(std::span(bytes).first<20>());
        std::copy(options.begin(), options.end(), bytes.begin() + 20);
        bytes[0] = static_cast<std::uint8_t>(0x40 | bytes.size() / 4);
        net::store_be16(&bytes[10], 0);
        net::store_be16(&bytes[10], net::checksum(bytes));
        bytes.insert(bytes.end(), body.begin(), body.end());
        return bytes;
    }

    Bytes bytes() const { return packet_of(transport()); }
    operator Bytes() const { return bytes(); }

    // The packet in fragments that carry `step` bytes each (a multiple of 8), in order.
    std::vector<Bytes> fragments(std::size_t step) const {
        const Bytes whole = transport();
        std::vector<Bytes> parts;
        for (std::size_t at = 0; at < whole.size(); at += step) {
            auto copy = *this;
            const std::size_t size = std::min(step, whole.size() - at);
            copy.header.fragment_offset = static_cast<std::uint16_t>(at);
            copy.header.more_fragments = at + size < whole.size();
            parts.push_back(
                copy.packet_of({whole.begin() + static_cast<std::ptrdiff_t>(at),
                                whole.begin() + static_cast<std::ptrdiff_t>(at + size)}));
        }
        return parts;
    }
};

inline PacketBuilder ip(std::uint8_t protocol, std::string_view from, std::string_view to) {
    PacketBuilder builder;
    builder.header.protocol = protocol;
    builder.source = endpoint(from);
    builder.destination = endpoint(to);
    return builder;
}

inline PacketBuilder udp(std::string_view from, std::string_view to) {
    return ip(17, from, to);
}

inline PacketBuilder tcp(std::string_view from, std::string_view to, std::uint8_t flags) {
    auto builder = ip(6, from, to);
    builder.flags = flags;
    return builder;
}

// Echo request and reply; the identifier stands behind the source's address: "10.0.1.2:77".
inline PacketBuilder ping(std::string_view from, std::string_view to) {
    auto builder = ip(1, from, to);
    builder.icmp_type = net::icmp_type::echo_request;
    return builder;
}
inline PacketBuilder pong(std::string_view from, std::string_view to) {
    auto builder = ip(1, from, to);
    builder.icmp_type = net::icmp_type::echo_reply;
    return builder;
}

// An error about the first `size` bytes of `about`.
inline PacketBuilder icmp_error(std::string_view from, std::string_view to, std::uint8_t type,
                                std::uint8_t code, const Bytes& about, std::size_t size = 28) {
    auto builder = ip(1, from, to);
    builder.icmp_type = type;
    builder.icmp_code = code;
    builder.payload.assign(
        about.begin(), about.begin() + static_cast<std::ptrdiff_t>(std::min(size, about.size())));
    return builder;
}

constexpr std::uint8_t syn = net::TcpHeader::syn;
constexpr std::uint8_t ack = net::TcpHeader::ack;
constexpr std::uint8_t fin = net::TcpHeader::fin;
constexpr std::uint8_t rst = net::TcpHeader::rst;

// Both checksums of a whole packet are good, or it has none where it may have none.
inline bool checksums_are_good(std::span<const std::uint8_t> bytes) {
    const auto header = net::Ipv4Header::read(bytes);
    if (!header) return false;
    const auto transport = header->payload(bytes.first(header->total_length));
    switch (header->protocol) {
        case net::ip_protocol::icmp:
            return net::checksum(transport) == 0;
        case net::ip_protocol::udp:
            return net::load_be16(&transport[6]) == 0 ||
                   net::transport_checksum(header->source, header->destination, 17, transport) == 0;
        case net::ip_protocol::tcp:
            return net::transport_checksum(header->source, header->destination, 6, transport) == 0;
        default:
            return true;
    }
}

}  // namespace stemma::nat::test
