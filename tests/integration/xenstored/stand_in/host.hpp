#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

// The machine that the stand-in for Xen's libraries pretends to run on: one file of shared memory
// between a daemon, into which the stand-in is preloaded, and the program that drives it. The
// program makes and kills domains, writes into their rings and reads them; the daemon maps the
// rings, binds the event channels and asks which domains there are.
//
// Nothing here is locked: the driver changes domains only while the daemon rests (see `idle`), and
// what both change at once is atomic.
namespace stand_in {

inline constexpr std::size_t page_size = 4096;
inline constexpr std::uint32_t domains_max = 64;  // domids 0 to 63
inline constexpr std::uint32_t pages_max = 256;   // page 0 is domain 0's ring
inline constexpr std::uint32_t ports_max = 512;   // of the daemon's own event channels
// A port that nobody bound and the driver may ring: a daemon has to pass over it, and wakes.
inline constexpr std::uint32_t wake_port = ports_max - 1;

// One domain, as the hypervisor would tell of it.
struct Domain {
    std::atomic<std::uint32_t> exists;
    std::atomic<std::uint32_t> dying;
    std::atomic<std::uint32_t> shut_down;
    std::atomic<std::uint32_t> reason;      // SHUTDOWN_*, once shut_down
    std::atomic<std::uint32_t> page;        // the ring: GNTTAB_RESERVED_XENSTORE, or this frame
    std::atomic<std::uint32_t> port;        // its end of the event channel; 0: any will do
    std::atomic<std::uint32_t> local_port;  // the daemon's end, while bound
    std::atomic<std::uint32_t> rung;        // how often the daemon has rung it
};

// One of the daemon's event channels. As in Linux, one that was delivered stays masked until it is
// unmasked, and is delivered again if it was rung in between.
enum class PortState : std::uint32_t { closed, quiet, delivered, rung_again };

struct Port {
    std::atomic<PortState> state;
    std::atomic<std::uint32_t> domain;
    std::atomic<std::uint32_t> is_virq;
    std::atomic<std::int32_t> device;  // the descriptor by which it was bound
};

struct Host {
    // The driver adds one to `stimuli` after each thing it did; the daemon, about to sleep, writes
    // to `idle` what it had read there before it found nothing to do.
    std::atomic<std::uint64_t> stimuli;
    std::atomic<std::uint64_t> idle;
    // Nanoseconds on the clock the daemon sees; 0: the real one.
    std::atomic<std::uint64_t> clock;
    std::atomic<std::uint32_t> virq_port;  // the daemon's, of VIRQ_DOM_EXC; 0 before it is bound
    Domain domains[domains_max];
    Port ports[ports_max];
};

inline constexpr std::size_t host_offset = pages_max * page_size;
inline constexpr std::size_t memory_size =
    host_offset + (sizeof(Host) + page_size - 1) / page_size * page_size;

// Descriptors that a driver leaves open in the daemon, and the variable that says it did.
inline constexpr const char* driven_variable = "XEN_STAND_IN_DRIVEN";
inline constexpr int memory_fd = 200;        // the shared memory
inline constexpr int event_read_fd = 201;    // a pipe of delivered ports, 4 bytes each:
inline constexpr int event_write_fd = 202;   //   what /dev/xen/evtchn gives
inline constexpr int driver_event_fd = 203;  // an eventfd, rung when the daemon rests

// Marks a port rung; true if it has to be written to the pipe.
inline bool ring(Port& port) {
    PortState seen = port.state.load();
    for (;;) {
        if (seen == PortState::closed || seen == PortState::rung_again) return false;
        const bool deliver = seen == PortState::quiet;
        const PortState next = deliver ? PortState::delivered : PortState::rung_again;
        if (port.state.compare_exchange_weak(seen, next)) return deliver;
    }
}

}  // namespace stand_in
