#include "retention.hpp"

#include <algorithm>
#include <array>

namespace stemma::store {
namespace {

using std::chrono::seconds;

// One that was seen before it had a `vm` is the one that has its number now.
bool is_alive(const std::set<DomainName>& alive, const DomainName& domain) {
    if (alive.contains(domain)) return true;
    if (domain.vm != no_vm) return false;
    const auto place = alive.lower_bound({domain.number, ""});
    return place != alive.end() && place->number == domain.number;
}

// Whose data must go: dead for so long that the period may be over before the next look.
std::set<DomainName> doomed(const Retention& retention, const std::vector<EpochState>& epochs,
                            const std::set<DomainName>& alive,
                            const std::map<DomainName, std::int64_t>& deaths, std::int64_t now) {
    std::map<DomainName, std::int64_t> last;
    for (const EpochState& epoch : epochs) {
        if (!epoch.note) continue;
        for (const auto& [domain, seen] : epoch.note->domains) {
            if (is_alive(alive, domain)) continue;
            auto& time = last[domain];
            time = std::max(time, seen);
        }
    }
    std::set<DomainName> found;
    const auto margin = retention.secrets.count() / 6;
    for (const auto& [domain, seen] : last) {
        const auto death = deaths.find(domain);
        const std::int64_t died = death == deaths.end() ? seen : death->second;
        if (died + retention.secrets.count() - margin <= now) found.insert(domain);
    }
    return found;
}

unsigned level_for_age(const Retention& retention, std::int64_t age) {
    if (age >= retention.keep.count()) return thinnest + 1;
    constexpr std::int64_t day = 86'400;
    return age < 2 * day ? 0 : age < 8 * day ? 1 : 2;
}

}  // namespace

seconds thinning_span(unsigned level) {
    static constexpr std::array<seconds, thinnest + 1> spans = {seconds(0), seconds(60),
                                                                seconds(600), seconds(3600)};
    return spans[std::min(level, thinnest)];
}

seconds epoch_length(const Retention& retention) {
    return std::min(seconds(86'400), std::max(seconds(1), retention.secrets / 2));
}

std::optional<RetentionStep> next_step(const Retention& retention,
                                       const std::vector<EpochState>& epochs,
                                       std::uint64_t other_bytes, const std::set<DomainName>& alive,
                                       const std::map<DomainName, std::int64_t>& deaths,
                                       std::int64_t now) {
    using Kind = RetentionStep::Kind;
    const auto gone = doomed(retention, epochs, alive, deaths, now);
    std::uint64_t bytes = other_bytes;
    for (const EpochState& epoch : epochs) {
        bytes += epoch.bytes;
        if (!epoch.note) return RetentionStep{Kind::rewrite, epoch.name, 0, {}};
        const unsigned wanted = level_for_age(retention, now - epoch.note->end);
        if (wanted > thinnest) return RetentionStep{Kind::drop, epoch.name, 0, {}};
        RetentionStep step{Kind::rewrite, epoch.name, std::max(wanted, epoch.note->level), {}};
        for (const auto& [domain, seen] : epoch.note->domains) {
            if (gone.contains(domain)) step.without.insert(domain);
        }
        if (!step.without.empty() || step.level > epoch.note->level) return step;
    }
    if (bytes <= retention.budget) return std::nullopt;
    for (const EpochState& epoch : epochs) {
        if (epoch.note->level < thinnest) {
            return RetentionStep{Kind::rewrite, epoch.name, epoch.note->level + 1, {}};
        }
    }
    if (epochs.empty()) return std::nullopt;
    return RetentionStep{Kind::drop, epochs.front().name, 0, {}};
}

}  // namespace stemma::store
