#pragma once

#include "rt/clock.hpp"

namespace stemma::hosted {

// CLOCK_MONOTONIC and CLOCK_REALTIME.
class SystemClock final : public rt::Clock {
  public:
    rt::Instant now() override;
    rt::UtcSeconds utc() override;
};

}  // namespace stemma::hosted
