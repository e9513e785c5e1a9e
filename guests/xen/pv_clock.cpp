#include "xen/pv_clock.hpp"

#include <algorithm>
#include <atomic>

#include "xen/shared_info.hpp"

namespace stemma::xen {

namespace {

constexpr std::uint64_t per_second = 1'000'000'000;
__extension__ using Product = unsigned __int128;

// Even when nobody writes; a reader of a torn record sees that it changed (xen/xen.h).
std::uint32_t begin_read(const std::uint32_t& version) {
    std::uint32_t seen = 0;
    do {
        seen = std::atomic_ref(const_cast<std::uint32_t&>(version)).load(std::memory_order_acquire);
    } while ((seen & 1) != 0);
    return seen;
}

bool unchanged(const std::uint32_t& version, std::uint32_t seen) {
    std::atomic_thread_fence(std::memory_order_acquire);
    return std::atomic_ref(const_cast<std::uint32_t&>(version)).load(std::memory_order_relaxed) ==
           seen;
}

// struct vcpu_time_info: nanoseconds at a time stamp, and the counter's rate as shift and
// multiplier.
std::uint64_t scaled(std::uint64_t ticks, const vcpu_time_info& time) {
    const std::uint64_t shifted =
        time.tsc_shift >= 0 ? ticks << time.tsc_shift : ticks >> -time.tsc_shift;
    return static_cast<std::uint64_t>(static_cast<Product>(shifted) * time.tsc_to_system_mul >> 32);
}

}  // namespace

std::uint64_t system_time() {
    const vcpu_time_info& time = shared_info().vcpu_info[0].time;
    std::uint64_t result = 0;
    std::uint32_t seen = 0;
    do {
        seen = begin_read(time.version);
        const auto past = static_cast<std::uint64_t>(__builtin_ia32_rdtsc()) - time.tsc_timestamp;
        result = time.system_time + scaled(past, time);
    } while (!unchanged(time.version, seen));
    // Xen's corrections may set it back by a little.
    static std::uint64_t latest = 0;
    latest = std::max(latest, result);
    return latest;
}

std::uint64_t ticks_in_nanoseconds(std::uint64_t ticks) {
    const vcpu_time_info& time = shared_info().vcpu_info[0].time;
    std::uint64_t result = 0;
    std::uint32_t seen = 0;
    do {
        seen = begin_read(time.version);
        result = scaled(ticks, time);
    } while (!unchanged(time.version, seen));
    return result;
}

std::uint64_t wall_clock() {
    const shared_info_t& info = shared_info();
    std::uint64_t boot = 0;
    std::uint32_t seen = 0;
    do {
        seen = begin_read(info.wc_version);
        const std::uint64_t seconds = std::uint64_t{info.wc_sec_hi} << 32 | info.wc_sec;
        boot = seconds * per_second + info.wc_nsec;
    } while (!unchanged(info.wc_version, seen));
    return boot + system_time();
}

rt::Instant PvClock::now() {
    return {static_cast<std::int64_t>(system_time())};
}

rt::UtcSeconds PvClock::utc() {
    return {static_cast<std::int64_t>(wall_clock() / per_second)};
}

}  // namespace stemma::xen
