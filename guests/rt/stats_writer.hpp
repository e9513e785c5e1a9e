#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "rt/store.hpp"
#include "rt/time.hpp"

namespace stemma::rt {

// Keeps the guest's counters readable under data/net/stats, as decimal text: at most once a second,
// and of them only those that changed. What the store refuses is tried again a second later.
class StatsWriter {
  public:
    static constexpr std::size_t counters_max = 64;
    static constexpr Duration period = Duration::seconds(1);

    // `directory`: where the counters stand, relative to the guest's home.
    explicit StatsWriter(Store& store, std::string_view directory = "data/net/stats");

    // `name` is a legal relative path ("dropped", "port/0/sent"); `value` outlives this object.
    // False, and not added, beyond counters_max.
    bool add(std::string_view name, const std::uint64_t& value);

    // Called from Guest::run(), after all that counts; the moment to be called again. That is never
    // when all is written: an idle guest sleeps.
    Instant run(Instant now);

  private:
    struct Counter {
        std::string path;
        const std::uint64_t* value = nullptr;
        std::optional<std::uint64_t> written;
        bool waiting = false;  // for the answer to a write
    };

    void write(Counter& counter);

    Store& store_;
    std::string directory_;
    std::deque<Counter> counters_;  // handlers keep references into it
    Instant next_{};
};

}  // namespace stemma::rt
