#pragma once

#include <cstdint>

#include "rt/clock.hpp"

namespace stemma::xen {

// Nanoseconds since the host started: the time that SCHEDOP_poll's deadline is in.
std::uint64_t system_time();
// As long as so many ticks of the time stamp counter take.
std::uint64_t ticks_in_nanoseconds(std::uint64_t ticks);
// Nanoseconds since 1970, UTC.
std::uint64_t wall_clock();

class PvClock final : public rt::Clock {
  public:
    rt::Instant now() override;
    rt::UtcSeconds utc() override;
};

}  // namespace stemma::xen
