#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "net/mac_address.hpp"

namespace stemma::rt {

// Takes received frames, from Port::receive().
class FrameSink {
  public:
    virtual ~FrameSink() = default;
    // One Ethernet frame without its check sequence. It may be changed in place; it is gone when
    // the call returns.
    virtual void frame(std::span<std::uint8_t> bytes) = 0;
};

// What a port has carried and lost since it was opened, in frames. All but the first two are
// losses.
struct PortCounters {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t receive_overruns = 0;  // came while the receive ring was full
    std::uint64_t receive_refused = 0;  // too long, cut off, or with a checksum nobody can complete
    std::uint64_t send_overruns = 0;    // reserve() found the transmit ring full
    std::uint64_t send_refused = 0;     // too long, or the interface refused them

    bool operator==(const PortCounters&) const = default;
};

// One network interface: a netfront on Xen, an AF_PACKET ring on Linux, a queue in tests. Checksums
// are whole in both directions: an edge whose peer offloads them completes or refuses them. Called
// by the guest's one thread only.
class Port {
  public:
    virtual ~Port() = default;

    virtual net::MacAddress mac() const = 0;
    // Longest IP packet, in bytes; a frame is up to 14 longer.
    virtual std::size_t mtu() const = 0;

    // Hands waiting frames to `sink`, at most `budget`; the number handed over. Frames may be sent
    // on this and other ports from within the sink.
    virtual std::size_t receive(FrameSink& sink, std::size_t budget) = 0;

    // Room for one frame of `size` bytes, to be filled in and queued by send_reserved(). Empty when
    // the transmit ring is full or the frame too long: the frame is then dropped and counted by the
    // port. The room stays reserved until sent, or until the next reserve().
    virtual std::span<std::uint8_t> reserve(std::size_t size) = 0;
    // Queues the first `size` bytes of the room that reserve() gave; `size` at most what was asked.
    virtual void send_reserved(std::size_t size) = 0;

    // Makes queued frames go out; called once after a batch.
    virtual void flush() = 0;

    const PortCounters& counters() const { return counters_; }

  protected:
    PortCounters counters_;
};

}  // namespace stemma::rt
