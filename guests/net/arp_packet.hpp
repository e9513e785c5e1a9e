#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/byte_order.hpp"
#include "net/ethernet.hpp"
#include "net/ipv4_address.hpp"
#include "net/mac_address.hpp"

namespace stemma::net {

// RFC 826 for IPv4 on Ethernet: hardware type 1 at 0, protocol type 0x0800 at 2, lengths 6 and 4 at
// 4 and 5, operation at 6, sender at 8 and 14, target at 18 and 24.
struct ArpPacket {
    static constexpr std::size_t size = 28;
    static constexpr std::uint16_t request = 1;
    static constexpr std::uint16_t reply = 2;

    std::uint16_t operation = request;
    MacAddress sender_mac;
    Ipv4Address sender;
    MacAddress target_mac;
    Ipv4Address target;

    // `payload` follows the Ethernet header and may be padded. Nothing if it is short or about
    // another hardware or protocol; the operation is not judged.
    static std::optional<ArpPacket> read(std::span<const std::uint8_t> payload) {
        if (payload.size() < size) return std::nullopt;
        if (load_be16(&payload[0]) != 1 || load_be16(&payload[2]) != ether_type::ipv4 ||
            payload[4] != 6 || payload[5] != 4)
            return std::nullopt;
        return ArpPacket{load_be16(&payload[6]),
                         load_mac(&payload[8]),
                         {load_be32(&payload[14])},
                         load_mac(&payload[18]),
                         {load_be32(&payload[24])}};
    }

    void write(std::span<std::uint8_t, size> to) const {
        store_be16(&to[0], 1);
        store_be16(&to[2], ether_type::ipv4);
        to[4] = 6;
        to[5] = 4;
        store_be16(&to[6], operation);
        store_mac(&to[8], sender_mac);
        store_be32(&to[14], sender.value);
        store_mac(&to[18], target_mac);
        store_be32(&to[24], target.value);
    }

    bool operator==(const ArpPacket&) const = default;
};

}  // namespace stemma::net
