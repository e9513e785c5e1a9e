#pragma once

#include <algorithm>

#include "rt/time.hpp"

namespace stemma::net {

// RFC 6298. Its clock granularity G is nothing here; its lower bound of a second is lowered to 200
// ms, as all hosts in use do, so that a stall after a loss is not made longer than the network's.
class RetransmissionTimeout {
  public:
    static constexpr rt::Duration first = rt::Duration::seconds(1);
    static constexpr rt::Duration shortest = rt::Duration::milliseconds(200);
    static constexpr rt::Duration longest = rt::Duration::seconds(60);

    rt::Duration value() const { return value_; }

    // The time from a segment's sending to its acknowledgement; not of one sent again (Karn).
    void measured(rt::Duration r) {
        if (!any_) {
            smoothed_ = r;
            variation_ = r / 2;
            any_ = true;
        } else {
            const auto off = std::max(smoothed_ - r, r - smoothed_);
            variation_ = (variation_ * 3 + off) / 4;
            smoothed_ = (smoothed_ * 7 + r) / 8;
        }
        value_ = std::clamp(smoothed_ + variation_ * 4, shortest, longest);
    }

    // The timer ran out (section 5.5).
    void back_off() { value_ = std::min(value_ * 2, longest); }

    // Something was acknowledged after a back-off: what was measured counts again.
    void forget_back_off() {
        value_ = any_ ? std::clamp(smoothed_ + variation_ * 4, shortest, longest) : first;
    }

  private:
    rt::Duration value_ = first;
    rt::Duration smoothed_;
    rt::Duration variation_;
    bool any_ = false;
};

}  // namespace stemma::net
