// pv_clock.cpp on a page that we write as Xen does: no time is waited for, each reading must lie
// between two of the time stamp counter.
#include <cstdint>

#include "xen/pv_clock.hpp"
#include "xen/self_test.hpp"
#include "xen/shared_info.hpp"

namespace stemma::xen {

namespace {

constexpr std::uint32_t half = 0x80000000;  // of what the multiplier is a fraction of
constexpr std::uint64_t second = 1'000'000'000;

std::uint64_t counter() {
    return __builtin_ia32_rdtsc();
}

void set_time(std::uint64_t at, std::uint64_t system_time, std::int8_t shift) {
    vcpu_time_info& time = shared_info().vcpu_info[0].time;
    time.version += 2;
    time.tsc_timestamp = at;
    time.system_time = system_time;
    time.tsc_to_system_mul = half;
    time.tsc_shift = shift;
}

// With half and a shift of 1 a tick is a nanosecond; each shift less halves it.
bool reads_true(std::uint64_t ticks_ago, std::uint64_t base, std::int8_t shift) {
    const std::uint64_t at = counter() - ticks_ago;
    const int quotient = 1 - shift;
    set_time(at, base, shift);
    const std::uint64_t before = counter();
    const std::uint64_t read = system_time();
    const std::uint64_t after = counter();
    return read >= base + ((before - at) >> quotient) && read <= base + ((after - at) >> quotient);
}

}  // namespace

void check_clock(self_test::CheckList& checks) {
    const std::uint64_t first = counter();
    std::uint64_t last = first;
    for (int i = 0; i < 1000; ++i) {
        const std::uint64_t next = counter();
        if (next < last) last = UINT64_MAX;
        if (last != UINT64_MAX) last = next;
    }
    checks.check("the time stamp counter goes on and never back",
                 last > first && last != UINT64_MAX);
    // each later than the one before: a clock does not go back
    checks.check("ticks become nanoseconds", reads_true(1000, second, 1));
    checks.check("also at a quarter", reads_true(second, 20 * second, -1));
    checks.check("also where the product has more than 64 bits",
                 reads_true(std::uint64_t{1} << 44, 100 * second, 1));

    const std::uint64_t before = system_time();
    set_time(counter(), 5, 1);
    checks.check("the clock does not follow when it is set back", system_time() == before);

    shared_info_t& info = shared_info();
    info.wc_version += 2;
    info.wc_sec = 1'700'000'000;
    info.wc_nsec = 999'999'999;
    const auto since_boot = static_cast<std::int64_t>((before + info.wc_nsec) / second);
    PvClock clock;
    checks.check("the wall clock is that of the boot and the time since",
                 clock.utc().seconds == 1'700'000'000 + since_boot &&
                     clock.now().nanoseconds == static_cast<std::int64_t>(before));
}

}  // namespace stemma::xen
