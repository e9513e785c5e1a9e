#pragma once

#include "rt/time.hpp"

namespace stemma::rt {

// The two clocks a guest sees. The edges implement it (clock_gettime on Linux, the shared pvclock
// page on Xen); tests set it by hand.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual Instant now() = 0;
    // The wall clock; it may step.
    virtual UtcSeconds utc() = 0;
};

}  // namespace stemma::rt
