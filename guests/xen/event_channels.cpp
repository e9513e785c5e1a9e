#include "xen/event_channels.hpp"

#include <atomic>

#include "xen/hypercall.hpp"
#include "xen/shared_info.hpp"

namespace stemma::xen {

namespace {
constexpr Port bits = 64;
}

std::optional<Port> allocate_port(std::uint16_t remote) {
    evtchn_alloc_unbound request{};
    request.dom = DOMID_SELF;
    request.remote_dom = remote;
    if (event_channel_op(EVTCHNOP_alloc_unbound, request) != 0) return std::nullopt;
    return request.port;
}

void notify(Port port) {
    evtchn_send request{port};
    event_channel_op(EVTCHNOP_send, request);
}

bool take_pending(Port port) {
    std::atomic_ref word(shared_info().evtchn_pending[port / bits]);
    const unsigned long bit = 1UL << port % bits;
    if ((word.load(std::memory_order_acquire) & bit) == 0) return false;
    if ((word.fetch_and(~bit, std::memory_order_acq_rel) & bit) == 0) return false;
    ++xen_counters.events;
    return true;
}

void sleep_until(std::span<Port> ports, std::uint64_t deadline) {
    sched_poll request{};
    set_xen_guest_handle(request.ports, ports.data());
    request.nr_ports = static_cast<std::uint32_t>(ports.size());
    request.timeout = deadline;
    schedule_op(SCHEDOP_poll, request);
}

}  // namespace stemma::xen
