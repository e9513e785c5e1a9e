#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/byte_order.hpp"
#include "net/mac_address.hpp"

namespace stemma::net {

// IEEE 802.3 clause 3.2.6, types as registered with IANA.
namespace ether_type {
constexpr std::uint16_t ipv4 = 0x0800;  // RFC 894
constexpr std::uint16_t arp = 0x0806;   // RFC 826
}  // namespace ether_type

inline MacAddress load_mac(const std::uint8_t* from) {
    MacAddress mac;
    std::copy_n(from, mac.bytes.size(), mac.bytes.begin());
    return mac;
}

inline void store_mac(std::uint8_t* to, const MacAddress& mac) {
    std::copy(mac.bytes.begin(), mac.bytes.end(), to);
}

// The header of a frame: destination at 0, source at 6, type at 12. Frames of IEEE 802.3 LLC carry
// a length (below 0x600) in place of the type, and match none of ours.
struct EthernetHeader {
    static constexpr std::size_t size = 14;

    MacAddress destination;
    MacAddress source;
    std::uint16_t type = 0;

    // Nothing if the frame is shorter than its header.
    static std::optional<EthernetHeader> read(std::span<const std::uint8_t> frame) {
        if (frame.size() < size) return std::nullopt;
        return EthernetHeader{load_mac(&frame[0]), load_mac(&frame[6]), load_be16(&frame[12])};
    }

    void write(std::span<std::uint8_t, size> to) const {
        store_mac(&to[0], destination);
        store_mac(&to[6], source);
        store_be16(&to[12], type);
    }

    bool operator==(const EthernetHeader&) const = default;
};

}  // namespace stemma::net
