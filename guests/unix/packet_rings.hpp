#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "unix/edge_error.hpp"

namespace stemma::hosted {

// How many frames the rings of one port hold, and how long each place is.
struct RingSizes {
    std::size_t frame = 2048;  // bytes, a power of two: the frame and the kernel's header before it
    std::size_t receive = 1024;
    std::size_t send = 512;

    // For one of `ports` ports of this MTU, so that all rings together stay within 8 MB and the
    // guest's tables have room in its 32.
    static RingSizes for_ports(std::size_t ports, std::size_t mtu);

    std::size_t bytes() const { return frame * (receive + send); }
};

// The receive and transmit rings of one AF_PACKET socket (TPACKET_V2, linux/if_packet.h;
// Documentation/networking/packet_mmap.rst), mapped into this process. A place belongs to the
// kernel or to us by its status word, which is the only thing both sides write.
class PacketRings {
  public:
    // Sets the rings up on `socket`, a bound SOCK_RAW socket, which stays the caller's.
    static std::expected<PacketRings, EdgeError> open(int socket, const RingSizes& sizes);

    PacketRings(PacketRings&& other) noexcept;
    PacketRings& operator=(PacketRings&&) = delete;
    ~PacketRings();

    // What the kernel says about the frame in a receive place.
    struct Received {
        std::span<std::uint8_t> bytes;  // empty when it did not fit its place
        bool partial_checksum = false;
        bool losing = false;  // frames were lost before this one
        bool vlan = false;    // a VLAN tag was taken off it
    };

    // The next received frame, until release() gives its place back; a call without a frame waiting
    // is told by has_received().
    bool has_received() const;
    Received received() const;
    void release();

    // The next place to send from, once has_room().
    bool has_room() const;
    std::span<std::uint8_t> place() const;
    // Marks the first `size` bytes of the place as to be sent by the socket's next send().
    void queue(std::size_t size);

  private:
    PacketRings(std::byte* memory, const RingSizes& sizes) : memory_(memory), sizes_(sizes) {}

    std::byte* receive_place() const { return memory_ + next_receive_ * sizes_.frame; }
    std::byte* send_place() const { return memory_ + (sizes_.receive + next_send_) * sizes_.frame; }

    std::byte* memory_;
    RingSizes sizes_;
    std::size_t next_receive_ = 0;
    std::size_t next_send_ = 0;
};

}  // namespace stemma::hosted
