#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rt/port.hpp"

namespace stemma::xen {

// The two rings of a network interface, guest's side, without events and grants (xen/io/netif.h):
// frames go through buffers that are granted once and used for ever, one page a slot. No feature is
// taken up: one slot is one frame, checksums are whole.
//
// The backend is not believed: an index, an id or a size that cannot be is read once, and breaks
// the rings for good; what it writes into a buffer while the frame is looked at changes nothing,
// since frames are copied out first.
class NetRings {
  public:
    static constexpr std::size_t page_size = 4096;
    static constexpr std::uint32_t slots = 256;  // of either ring; both lie in one page
    static constexpr std::size_t frame_max = 1514;

    // Pages that the backend shares, as long as this object lives: the two rings, zeroed, and a
    // page for each slot, with the grant references of those pages.
    struct Memory {
        std::byte* send_ring;
        std::byte* receive_ring;
        std::byte* send_buffers;
        std::byte* receive_buffers;
        std::span<const std::uint32_t> send_grants;
        std::span<const std::uint32_t> receive_grants;
    };
    explicit NetRings(const Memory& memory);

    // As rt::Port.
    std::size_t receive(rt::FrameSink& sink, std::size_t budget, rt::PortCounters& counters);
    std::span<std::uint8_t> reserve(std::size_t size, rt::PortCounters& counters);
    void send_reserved(std::size_t size, rt::PortCounters& counters);
    // Shows the backend what was queued; true if it wants to be notified.
    bool publish();

    // Asks for a notification of what comes next, when few send buffers are left also of the next
    // that was sent; true if something came already.
    bool arm(rt::PortCounters& counters);

    bool broken() const { return broken_; }

  private:
    // One ring's indexes and its end in shared memory.
    struct Ring {
        std::byte* page = nullptr;
        std::uint32_t produced = 0;   // requests written
        std::uint32_t published = 0;  // and shown
        std::uint32_t consumed = 0;   // responses read
    };

    std::uint32_t responses(const Ring& ring, std::uint32_t outstanding);
    bool publish(Ring& ring);
    static bool arm(const Ring& ring);
    void post(std::uint16_t buffer);
    void take_sent(rt::PortCounters& counters);

    Memory memory_;
    Ring send_;
    Ring receive_;
    std::vector<std::uint16_t> free_;      // send buffers nobody uses
    std::array<bool, slots> sending_{};    // by buffer
    std::array<bool, slots> receiving_{};  // by buffer: the backend has it
    std::array<std::uint8_t, frame_max> frame_{};
    bool broken_ = false;
};

}  // namespace stemma::xen
