#pragma once

#include "store/stamp.hpp"
#include "xenstored/out_queue.hpp"

namespace stemma::xenstored {

// The two clocks of the daemon; tests set them by hand.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual Moment now() = 0;        // for deadlines
    virtual store::Time wall() = 0;  // for stamps; it may step
};

class SystemClock final : public Clock {
  public:
    Moment now() override { return std::chrono::steady_clock::now(); }
    store::Time wall() override {
        return std::chrono::time_point_cast<std::chrono::microseconds>(
            std::chrono::system_clock::now());
    }
};

}  // namespace stemma::xenstored
