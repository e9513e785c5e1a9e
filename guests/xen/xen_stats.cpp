#include "xen/xen_stats.hpp"

#include <string>

namespace stemma::xen {

XenStats::XenStats(rt::Store& store, const XenCounters& counters)
    : counters_(counters), writer_(store, "data/xen") {
    writer_.add("stats/hypercalls", hypercalls_);
    for (std::size_t kind = 0; kind < seen_.hypercalls.size(); ++kind)
        writer_.add("stats/" + std::string(XenCounters::kind_names[kind]), seen_.hypercalls[kind]);
    writer_.add("stats/events", seen_.events);
    writer_.add("stats/frames", frames_);
    writer_.add("start/store-ns", store_.nanoseconds);
    writer_.add("start/store-hypercalls", store_.hypercalls);
    writer_.add("start/ready-ns", ready_.nanoseconds);
    writer_.add("start/ready-hypercalls", ready_.hypercalls);
}

void XenStats::first_request(std::uint64_t nanoseconds) {
    store_ = {nanoseconds, counters_.all_hypercalls()};
}

void XenStats::ready(std::uint64_t nanoseconds) {
    ready_ = {nanoseconds, counters_.all_hypercalls()};
    is_ready_ = true;
    read(frames_);
}

rt::Instant XenStats::run(rt::Instant now, std::uint64_t frames) {
    if (!is_ready_) return rt::Instant::never();
    if (frames != frames_) read(frames);
    return writer_.run(now);
}

void XenStats::read(std::uint64_t frames) {
    frames_ = frames;
    seen_ = counters_;
    hypercalls_ = seen_.all_hypercalls();
}

}  // namespace stemma::xen
