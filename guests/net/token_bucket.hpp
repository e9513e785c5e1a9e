#pragma once

#include <algorithm>
#include <cstdint>

#include "rt/time.hpp"

namespace stemma::net {

// Limits how often something is sent: `burst` at once, then one each `interval`. RFC 1812 section
// 4.3.2.8 asks for such a limit on ICMP errors, RFC 5961 section 7 on challenge ACKs.
class TokenBucket {
  public:
    constexpr TokenBucket(rt::Duration interval, std::uint32_t burst)
        : interval_(interval), room_(interval * burst) {}

    // Takes a token if there is one.
    bool take(rt::Instant now) {
        // full_at_ is when the bucket will be full again; each token moves it by one interval
        const rt::Instant full_at = std::max(full_at_, now) + interval_;
        if (full_at > now + room_) return false;
        full_at_ = full_at;
        return true;
    }

  private:
    rt::Duration interval_;
    rt::Duration room_;
    rt::Instant full_at_{INT64_MIN / 2};
};

}  // namespace stemma::net
