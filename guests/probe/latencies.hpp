#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rt/time.hpp"

namespace stemma::probe {

// Times of answers, in whole microseconds. The caller bounds how many it adds.
class Latencies {
  public:
    void add(rt::Duration time);
    void clear() { microseconds_.clear(); }
    std::size_t count() const { return microseconds_.size(); }

    // The smallest time that `percent` of all do not exceed; 0 and 100 are the extremes. 0 if none.
    std::uint32_t percentile(unsigned percent) const;

    // "min 80, median 95, p99 210, max 800 us", or "none".
    std::string text() const;

  private:
    mutable std::vector<std::uint32_t> microseconds_;  // sorted when asked
    mutable bool sorted_ = false;
};

}  // namespace stemma::probe
