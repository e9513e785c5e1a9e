// What the NAT guest takes from the store and shows there beside the table.
#include <charconv>
#include <string>

#include "nat/nat_guest.hpp"
#include "rt/saved_state.hpp"

namespace stemma::nat {

namespace {

// What stands below `directory`, or nothing.
std::optional<std::string_view> below(std::string_view path, std::string_view directory) {
    if (!path.starts_with(directory)) return std::nullopt;
    return path.substr(directory.size());
}

void append_number(std::string& text, std::uint64_t number) {
    char digits[20];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

void NatGuest::restore(std::span<const std::uint8_t> saved_state) {
    if (saved_state.empty()) return;
    rt::SavedStateReader reader(saved_state);
    std::uint64_t mappings = 0;
    std::uint64_t skipped = 0;
    if (mapping_source_) mapping_source_->set_now(now_, tick_, clock_.utc());
    while (const auto entry = reader.next()) {
        if (const auto path = below(entry->path, "arp/")) arp_source_.restore(*path, entry->value);
        const auto path = below(entry->path, "nat/");
        if (!path || !mapping_source_) continue;
        ++(mapping_source_->restore(*path, entry->value) ? mappings : skipped);
    }
    std::string line("nat: restored ");
    append_number(line, mappings);
    line += " mappings, skipped ";
    append_number(line, skipped);
    if (reader.truncated()) line += "; the saved state ends within an entry";
    console_.line(line);
}

void NatGuest::add_stats() {
    for (std::size_t i = 0; i < counter_count; ++i)
        stats_.add(counter_names[i], counters_.at(i));
    stats_.add("nat-mappings", mapping_count_);
    stats_.add("nat-sessions", session_count_);
    if (mapping_source_) {
        const MappingMirrorCounters& table = mapping_source_->counters();
        stats_.add("nat-restored", table.restored);
        stats_.add("nat-restore-skipped", table.restore_skipped);
        stats_.add("nat-foreign-added", table.foreign_added);
        stats_.add("nat-foreign-changed", table.foreign_changed);
        stats_.add("nat-foreign-removed", table.foreign_removed);
        stats_.add("nat-foreign-refused", table.foreign_refused);
        stats_.add("nat-foreign-malformed", table.foreign_malformed);
        const rt::MirrorStats& mirror = mapping_mirror_->stats();
        stats_.add("nat-mirror-changes", mirror.changes);
        stats_.add("nat-mirror-inserted", mirror.inserted);
        stats_.add("nat-mirror-mirrored", mirror.mirrored);
        stats_.add("nat-mirror-unmirrored", mirror.unmirrored);
        stats_.add("nat-mirror-commits", mirror.commits);
        stats_.add("nat-mirror-conflicts", mirror.conflicts);
        stats_.add("nat-mirror-lag-last", mirror.lag_last);
        stats_.add("nat-mirror-lag-max", mirror.lag_max);
        stats_.add("nat-mirror-partial", partial_);
    }
    for (net::Interface* link : {&inside_, &outside_}) {
        const std::string prefix = link == &inside_ ? "inside-" : "outside-";
        const auto& seen = link->counters();
        stats_.add(prefix + "received", seen.received);
        stats_.add(prefix + "sent", seen.sent);
        stats_.add(prefix + "unresolved", seen.drop_unresolved);
        stats_.add(prefix + "receive-overruns", link->port().counters().receive_overruns);
        stats_.add(prefix + "send-overruns", link->port().counters().send_overruns);
        stats_.add(prefix + "icmp-errors-limited", seen.icmp_errors_limited);
    }
}

void NatGuest::update_stats() {
    mapping_count_ = table_.mapping_count();
    session_count_ = table_.session_count();
    if (!mapping_mirror_) return;
    const bool partial = mapping_mirror_->full();
    if (partial == (partial_ != 0)) return;
    partial_ = partial ? 1 : 0;
    console_.line(partial ? "nat: the store has no room for the whole table; forwarding goes on"
                          : "nat: the store shows the whole table again");
}

}  // namespace stemma::nat
