#include "probe/latencies.hpp"

#include <algorithm>

namespace stemma::probe {

void Latencies::add(rt::Duration time) {
    const auto microseconds = std::clamp<std::int64_t>(time.nanoseconds / 1000, 0, UINT32_MAX);
    microseconds_.push_back(static_cast<std::uint32_t>(microseconds));
    sorted_ = false;
}

std::uint32_t Latencies::percentile(unsigned percent) const {
    if (microseconds_.empty()) return 0;
    if (!sorted_) std::sort(microseconds_.begin(), microseconds_.end());
    sorted_ = true;
    // nearest rank
    const std::size_t rank = (microseconds_.size() * percent + 99) / 100;
    return microseconds_[rank == 0 ? 0 : rank - 1];
}

std::string Latencies::text() const {
    if (microseconds_.empty()) return "none";
    return "min " + std::to_string(percentile(0)) + ", median " + std::to_string(percentile(50)) +
           ", p99 " + std::to_string(percentile(99)) + ", max " + std::to_string(percentile(100)) +
           " us";
}

}  // namespace stemma::probe
