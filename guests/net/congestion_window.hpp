#pragma once

#include <algorithm>
#include <cstdint>

namespace stemma::net {

// How much may be in flight: slow start, congestion avoidance, fast retransmit and recovery (RFC
// 5681, RFC 6582). In bytes.
class CongestionWindow {
  public:
    // RFC 6928 would allow ten segments; RFC 5681 section 3.1 says three of 1,095 to 2,190 bytes.
    void start(std::uint32_t mss) {
        mss_ = mss;
        window_ = 3 * mss;
    }

    std::uint32_t size() const { return window_; }
    bool recovering() const { return recovering_; }

    // `bytes` not acknowledged before were, outside recovery.
    void acknowledged(std::uint32_t bytes) {
        const std::uint32_t step = std::min(bytes, mss_);
        window_ += window_ < threshold_ ? step : std::max(1U, mss_ * step / window_);
        window_ = std::min(window_, window_max);
    }

    // The third duplicate acknowledgement, with `flight` bytes out.
    void enter_recovery(std::uint32_t flight) {
        threshold_ = std::max(flight / 2, 2 * mss_);
        window_ = threshold_ + 3 * mss_;
        recovering_ = true;
    }
    void duplicate_in_recovery() { window_ = std::min(window_ + mss_, window_max); }
    void partial_acknowledgement(std::uint32_t bytes) {
        window_ = std::max(window_ - std::min(bytes, window_) + mss_, mss_);
    }
    void leave_recovery() {
        window_ = threshold_;
        recovering_ = false;
    }

    void timed_out(std::uint32_t flight) {
        threshold_ = std::max(flight / 2, 2 * mss_);
        window_ = mss_;
        recovering_ = false;
    }

  private:
    static constexpr std::uint32_t window_max = 1U << 20;

    std::uint32_t mss_ = 536;
    std::uint32_t window_ = 3 * 536;
    std::uint32_t threshold_ = window_max;
    bool recovering_ = false;
};

}  // namespace stemma::net
