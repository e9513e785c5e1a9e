#include "unix/system_clock.hpp"

#include <ctime>

namespace stemma::hosted {

rt::Instant SystemClock::now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return {std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec};
}

rt::UtcSeconds SystemClock::utc() {
    timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return {time.tv_sec};
}

}  // namespace stemma::hosted
