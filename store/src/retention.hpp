// Which history goes next: no disk, no clock, no git.
//
// Epochs that have ended are packed again, once; then thinned and dropped, the oldest first, by age
// and while all together pass the budget; and the data of a domain that is gone leaves all of them
// before the secrets period is over. An epoch never lasts longer than half of that period, so what
// the newest one holds of a dead domain can leave in time.
//
// Thinning keeps one commit for each author and span of time (thinning_span), the last of them: so
// an author with many loses most of them before one with few loses any. The fourth level is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "epoch_note.hpp"
#include "store/publisher.hpp"

namespace stemma::store {

inline constexpr unsigned thinnest = 3;
// 0: every commit is kept.
std::chrono::seconds thinning_span(unsigned level);

// How long an epoch lasts: a day, or half of the secrets period.
std::chrono::seconds epoch_length(const Retention& retention);

struct EpochState {
    std::string name;  // they sort by age
    std::uint64_t bytes = 0;
    std::optional<EpochNote> note;  // absent: not packed again yet
};

struct RetentionStep {
    enum class Kind : std::uint8_t { rewrite, drop };
    Kind kind = Kind::rewrite;
    std::string epoch;
    unsigned level = 0;
    std::set<DomainName> without;  // whose data is to go
};

// `epochs` are those that have ended, the oldest first; `other_bytes` what the rest of the
// repository takes; `deaths` those that are known to the second, others died when last seen.
std::optional<RetentionStep> next_step(const Retention& retention,
                                       const std::vector<EpochState>& epochs,
                                       std::uint64_t other_bytes, const std::set<DomainName>& alive,
                                       const std::map<DomainName, std::int64_t>& deaths,
                                       std::int64_t now);

}  // namespace stemma::store
