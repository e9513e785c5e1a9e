#pragma once

#include <cstdint>

#include "rt/stats_writer.hpp"
#include "rt/store.hpp"
#include "rt/time.hpp"
#include "xen/xen_counters.hpp"

namespace stemma::xen {

// What a moment after the guest's entry had cost it.
struct SinceEntry {
    std::uint64_t nanoseconds = 0;
    std::uint64_t hypercalls = 0;
};

// Keeps what the guest costs Xen readable, as decimal text, relative to the guest's home:
//
//   data/xen/stats/hypercalls        all since entry, and of them
//   data/xen/stats/event-channel-op    (sched-op, memory-op, hvm-op, other-op) each kind
//   data/xen/stats/events            event channels found pending
//   data/xen/stats/frames            received and sent, on all interfaces
//   data/xen/start/store-ns          from entry to the first request to XenStore, that is sent
//   data/xen/start/store-hypercalls    and how many it took
//   data/xen/start/ready-ns          from entry to the store's answer to data/ready
//   data/xen/start/ready-hypercalls
//
// To write makes hypercalls and brings events, so a guest that wrote whenever one of these counters
// changed would never sleep again. Therefore they are read only in a turn that moved frames, and
// written as any StatsWriter's: at most once a second, and what stood after the last frame at most
// a second after it. An idle guest writes nothing. (The other way, a watch on a node by which a
// tool asks, would spare a busy guest a few hypercalls a second, but every reader would have to
// ask.) Nothing is written before the guest is ready, so that this does not delay it.
class XenStats {
  public:
    // `store` and `counters` outlive this; handlers in `store` keep pointers to it.
    explicit XenStats(rt::Store& store, const XenCounters& counters = xen_counters);
    XenStats(const XenStats&) = delete;
    XenStats& operator=(const XenStats&) = delete;

    // Each to be called once, with the time since entry.
    void first_request(std::uint64_t nanoseconds);
    void ready(std::uint64_t nanoseconds);
    bool is_ready() const { return is_ready_; }

    // Called once in a turn, before the store's output leaves. `frames`: how many the interfaces
    // have carried so far. The moment to be called again.
    rt::Instant run(rt::Instant now, std::uint64_t frames);

  private:
    void read(std::uint64_t frames);

    const XenCounters& counters_;
    XenCounters seen_;
    std::uint64_t hypercalls_ = 0;
    std::uint64_t frames_ = 0;
    SinceEntry store_;
    SinceEntry ready_;
    bool is_ready_ = false;
    rt::StatsWriter writer_;
};

}  // namespace stemma::xen
