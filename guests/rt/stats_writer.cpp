#include "rt/stats_writer.hpp"

#include <array>
#include <charconv>

#include "xs_wire/path.hpp"

namespace stemma::rt {

StatsWriter::StatsWriter(Store& store, std::string_view directory)
    : store_(store), directory_(directory) {}

bool StatsWriter::add(std::string_view name, const std::uint64_t& value) {
    if (counters_.size() == counters_max) return false;
    counters_.push_back({xs::join(directory_, name), &value, std::nullopt, false});
    return true;
}

Instant StatsWriter::run(Instant now) {
    if (!store_.connected()) return Instant::never();
    if (now < next_) return next_;
    bool changed = false;
    for (auto& counter : counters_) {
        if (counter.written == *counter.value) continue;
        changed = true;
        if (!counter.waiting) write(counter);
    }
    // What changes a counter calls this again: until then there is nothing to wake up for.
    if (!changed) return Instant::never();
    next_ = now + period;
    return next_;
}

void StatsWriter::write(Counter& counter) {
    std::array<char, 24> digits;
    const std::uint64_t value = *counter.value;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    counter.waiting = store_.write(counter.path, std::string_view(digits.data(), end),
                                   [&counter, value](StoreResult result) {
                                       counter.waiting = false;
                                       if (result) counter.written = value;
                                   });
}

}  // namespace stemma::rt
