#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/byte_order.hpp"

namespace stemma::net {

namespace icmp_type {
constexpr std::uint8_t echo_reply = 0;
constexpr std::uint8_t unreachable = 3;
constexpr std::uint8_t source_quench = 4;
constexpr std::uint8_t redirect = 5;
constexpr std::uint8_t echo_request = 8;
constexpr std::uint8_t time_exceeded = 11;
constexpr std::uint8_t parameter_problem = 12;

// An error carries the packet it is about, and is never answered by an error (RFC 1122 3.2.2).
constexpr bool is_error(std::uint8_t type) {
    return (type >= unreachable && type <= redirect) || type == time_exceeded ||
           type == parameter_problem;
}
}  // namespace icmp_type

// Codes of `unreachable` (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1).
namespace icmp_code {
constexpr std::uint8_t net_unreachable = 0;
constexpr std::uint8_t host_unreachable = 1;
constexpr std::uint8_t protocol_unreachable = 2;
constexpr std::uint8_t port_unreachable = 3;
constexpr std::uint8_t fragmentation_needed = 4;
constexpr std::uint8_t administratively_prohibited = 13;
}  // namespace icmp_code

// RFC 792: type at 0, code at 1, checksum over the whole message at 2, then a word by type: echo
// has identifier and sequence number; fragmentation needed the next hop's MTU in its low half (RFC
// 1191 section 4).
struct IcmpHeader {
    static constexpr std::size_t size = 8;

    std::uint8_t type = 0;
    std::uint8_t code = 0;
    std::uint16_t checksum = 0;
    std::uint32_t rest = 0;

    std::uint16_t identifier() const { return static_cast<std::uint16_t>(rest >> 16); }
    std::uint16_t sequence() const { return static_cast<std::uint16_t>(rest); }

    // `message` is the payload of an IP packet. Nothing if it is short; the checksum is not judged.
    static std::optional<IcmpHeader> read(std::span<const std::uint8_t> message) {
        if (message.size() < size) return std::nullopt;
        return IcmpHeader{message[0], message[1], load_be16(&message[2]), load_be32(&message[4])};
    }

    // The header as it stands, with its checksum field.
    void write(std::span<std::uint8_t, size> to) const {
        to[0] = type;
        to[1] = code;
        store_be16(&to[2], checksum);
        store_be32(&to[4], rest);
    }

    bool operator==(const IcmpHeader&) const = default;
};

}  // namespace stemma::net
