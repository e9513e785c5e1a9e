#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xen/xen.h>

namespace stemma::xen {

// How much this guest has asked of Xen since it began, and heard from it. Every hypercall and every
// event adds one in place, so whoever counts differences needs no stop.
struct XenCounters {
    // The hypercalls that a guest makes; a new kind of them counts as `other` until it has a place.
    enum Kind : std::size_t { event_channel, sched, memory, hvm, other };
    static constexpr std::array<std::string_view, 5> kind_names = {
        "event-channel-op", "sched-op", "memory-op", "hvm-op", "other-op"};

    static constexpr Kind kind_of(unsigned hypercall) {
        switch (hypercall) {
            case __HYPERVISOR_event_channel_op:
                return event_channel;
            case __HYPERVISOR_sched_op:
                return sched;
            case __HYPERVISOR_memory_op:
                return memory;
            case __HYPERVISOR_hvm_op:
                return hvm;
            default:
                return other;
        }
    }
    std::uint64_t all_hypercalls() const {
        std::uint64_t sum = 0;
        for (const std::uint64_t count : hypercalls)
            sum += count;
        return sum;
    }

    std::array<std::uint64_t, kind_names.size()> hypercalls{};
    // Event channels that were found pending: notifications that came together are one.
    std::uint64_t events = 0;
};

// This guest's own.
inline constinit XenCounters xen_counters{};

}  // namespace stemma::xen
