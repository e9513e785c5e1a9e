#include "store/merge_function.hpp"

#include <charconv>
#include <cstdint>
#include <set>

namespace stemma::store {
namespace {

std::optional<std::string> owned(const std::optional<std::string_view>& value) {
    if (!value) return std::nullopt;
    return std::string(*value);
}

// An order of values in which no value comes last.
bool before(const std::optional<std::string_view>& one,
            const std::optional<std::string_view>& two) {
    if (!one || !two) return one.has_value();
    return *one < *two;
}

std::uint64_t expiry_of(std::string_view value) {
    const auto space = value.rfind(' ');
    if (space != std::string_view::npos) value.remove_prefix(space + 1);
    std::uint64_t seconds = 0;
    const char* const end = value.data() + value.size();
    const auto [stopped, error] = std::from_chars(value.data(), end, seconds);
    return error == std::errc() && stopped == end ? seconds : 0;
}

std::string_view first_word(std::string_view value) {
    return value.substr(0, value.find(' '));
}

std::optional<std::int64_t> number_in(const std::optional<std::string_view>& value) {
    if (!value) return 0;
    std::int64_t number = 0;
    const char* const end = value->data() + value->size();
    const auto [stopped, error] = std::from_chars(value->data(), end, number);
    if (error != std::errc() || stopped != end) return std::nullopt;
    return number;
}

std::set<std::string_view> words_in(const std::optional<std::string_view>& value) {
    std::set<std::string_view> words;
    std::string_view rest = value.value_or("");
    while (!rest.empty()) {
        const auto word = rest.substr(0, rest.find(' '));
        if (!word.empty()) words.insert(word);
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    return words;
}

}  // namespace

Merged merge_conflict(const Versions& versions) {
    if (versions.ours == versions.theirs) return owned(versions.ours);
    return std::unexpected("changed on both sides");
}

Merged merge_last_writer(const Versions& versions) {
    const auto order = versions.ours_stamp <=> versions.theirs_stamp;
    if (order != 0) return owned(order > 0 ? versions.ours : versions.theirs);
    return owned(before(versions.ours, versions.theirs) ? versions.ours : versions.theirs);
}

Merged merge_later_expiry(const Versions& versions) {
    const auto& [base, ours, theirs, ours_stamp, theirs_stamp] = versions;
    if (ours && theirs) {
        const auto one = expiry_of(*ours);
        const auto two = expiry_of(*theirs);
        if (one != two) return owned(one > two ? ours : theirs);
        return owned(before(ours, theirs) ? ours : theirs);
    }
    const auto& kept = ours ? ours : theirs;
    if (kept && base && expiry_of(*kept) <= expiry_of(*base)) return std::nullopt;
    return owned(kept);
}

Merged merge_counter(const Versions& versions) {
    const auto base = number_in(versions.base);
    const auto ours = number_in(versions.ours);
    const auto theirs = number_in(versions.theirs);
    if (!base || !ours || !theirs) return std::unexpected("not a number");
    __extension__ using Wide = __int128;
    const Wide sum = Wide(*ours) + Wide(*theirs) - Wide(*base);
    if (sum < INT64_MIN || sum > INT64_MAX) return std::unexpected("the sum passes 64 bits");
    const bool removed = !versions.ours || !versions.theirs;
    if (removed && sum == 0) return std::nullopt;
    return std::to_string(static_cast<std::int64_t>(sum));
}

Merged merge_set(const Versions& versions) {
    const auto base = words_in(versions.base);
    const auto ours = words_in(versions.ours);
    const auto theirs = words_in(versions.theirs);
    std::set<std::string_view> all = ours;
    all.insert(theirs.begin(), theirs.end());
    std::string merged;
    for (const auto word : all) {
        if (base.contains(word) && !(ours.contains(word) && theirs.contains(word))) continue;
        if (!merged.empty()) merged += ' ';
        merged += word;
    }
    const bool removed = !versions.ours || !versions.theirs;
    if (removed && merged.empty()) return std::nullopt;
    return merged;
}

Merged merge_dns_cache(const Versions& versions) {
    const auto& [base, ours, theirs, ours_stamp, theirs_stamp] = versions;
    if (!ours || !theirs) return merge_later_expiry(versions);
    const auto one = number_in(first_word(*ours)).value_or(0);
    const auto two = number_in(first_word(*theirs)).value_or(0);
    if (one != two) return owned(one > two ? ours : theirs);
    return merge_later_expiry(versions);
}

Merged merge_lease(const Versions& versions) {
    const auto& [base, ours, theirs, ours_stamp, theirs_stamp] = versions;
    if (!ours || !theirs || first_word(*ours) == first_word(*theirs)) {
        return merge_later_expiry(versions);
    }
    const auto changed = std::max(ours_stamp.time, theirs_stamp.time).time_since_epoch();
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(changed).count();
    const auto is_held = [now](std::string_view lease) {
        return now < 0 || expiry_of(lease) > static_cast<std::uint64_t>(now);
    };
    if (is_held(*ours) && is_held(*theirs)) return std::unexpected("leased to two clients");
    return merge_later_expiry(versions);
}

}  // namespace stemma::store
