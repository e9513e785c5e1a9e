#include "xen/xen_counters.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "xen/event_channels.hpp"
#include "xen/hypercall.hpp"
#include "xen/shared_info.hpp"

using namespace stemma::xen;
using Kind = XenCounters::Kind;

namespace {

// What `work` adds to the counters of this process.
template <typename Work>
XenCounters cost_of(Work work) {
    const XenCounters before = xen_counters;
    work();
    XenCounters cost;
    for (std::size_t kind = 0; kind < cost.hypercalls.size(); ++kind)
        cost.hypercalls[kind] = xen_counters.hypercalls[kind] - before.hypercalls[kind];
    cost.events = xen_counters.events - before.events;
    return cost;
}

}  // namespace

TEST_CASE("each hypercall counts once, as its kind") {
    const auto notified = cost_of([] {
        notify(3);
        notify(4);
    });
    CHECK(notified.hypercalls[Kind::event_channel] == 2);
    CHECK(notified.all_hypercalls() == 2);

    std::array<Port, 2> ports{3, 4};
    const auto slept = cost_of([&] { sleep_until(ports, 1000); });
    CHECK(slept.hypercalls[Kind::sched] == 1);
    CHECK(slept.all_hypercalls() == 1);

    const auto mapped = cost_of([] { map_shared_info(); });
    CHECK(mapped.hypercalls[Kind::memory] == 1);
    CHECK(mapped.all_hypercalls() == 1);

    const auto parameter = cost_of([] { hypercall(__HYPERVISOR_hvm_op, HVMOP_get_param); });
    CHECK(parameter.hypercalls[Kind::hvm] == 1);
    CHECK(parameter.all_hypercalls() == 1);

    const auto version = cost_of([] { hypercall(__HYPERVISOR_xen_version); });
    CHECK(version.hypercalls[Kind::other] == 1);
    CHECK(version.all_hypercalls() == 1);
}

TEST_CASE("an event counts when it is taken, and once however often it came") {
    auto& pending = stemma::xen::shared_info().evtchn_pending[0];
    pending = 1UL << 3 | 1UL << 5;
    const auto taken = cost_of([] {
        CHECK(take_pending(3));
        CHECK_FALSE(take_pending(3));
        CHECK_FALSE(take_pending(4));
    });
    CHECK(taken.events == 1);
    CHECK(pending == 1UL << 5);
    pending |= 1UL << 5;
    CHECK(cost_of([] { take_pending(5); }).events == 1);
    CHECK(cost_of([] { take_pending(5); }).all_hypercalls() == 0);
}
