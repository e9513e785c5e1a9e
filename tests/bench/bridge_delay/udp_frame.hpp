#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace stemma::bench {

using Mac = std::array<std::uint8_t, 6>;

// One end of a UDP datagram on the wire; address in host byte order.
struct Endpoint {
    std::uint32_t address = 0;
    std::uint16_t port = 0;
};

// A numbered test datagram. Written and read here without the guests' own packet code, so that an
// error in that code cannot cancel itself out in a measurement.
struct UdpFrame {
    Mac destination_mac{};
    Mac source_mac{};
    Endpoint source;
    Endpoint destination;
    std::uint32_t number = 0;
    bool is_answer = false;

    std::vector<std::uint8_t> write() const;
    // Nothing unless it is one of ours with both checksums right.
    static std::optional<UdpFrame> read(std::span<const std::uint8_t> frame);
};

// Who asks for the address in an ARP request.
struct ArpRequest {
    Mac sender_mac{};
    std::uint32_t sender = 0;
    std::uint32_t target = 0;

    std::vector<std::uint8_t> write() const;
    std::vector<std::uint8_t> write_reply(const Mac& target_mac) const;
    static std::optional<ArpRequest> read(std::span<const std::uint8_t> frame);
    // The sender of an ARP reply about `address`.
    static std::optional<Mac> read_reply(std::span<const std::uint8_t> frame,
                                         std::uint32_t address);
};

}  // namespace stemma::bench
