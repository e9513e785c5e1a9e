#pragma once

#include <cstdint>

#include "rt/time.hpp"

namespace stemma::nat {

// Seconds on the monotonic clock since the table was made: what deadlines are kept in.
using Tick = std::uint32_t;

// A deadline that does not come.
constexpr Tick tick_never = 0xffffffff;

class TickClock {
  public:
    explicit constexpr TickClock(rt::Instant start) : start_(start) {}

    // Rounds down: a deadline of tick(now) + timeout + 1 is never early.
    constexpr Tick tick(rt::Instant now) const {
        const auto seconds = (now - start_).whole_seconds();
        if (seconds < 0) return 0;
        return seconds >= tick_never ? tick_never - 1 : static_cast<Tick>(seconds);
    }
    constexpr rt::Instant instant(Tick tick) const {
        return tick == tick_never ? rt::Instant::never() : start_ + rt::Duration::seconds(tick);
    }

  private:
    rt::Instant start_;
};

}  // namespace stemma::nat
