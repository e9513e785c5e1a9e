#include "dns/dns_guest.hpp"

#include <algorithm>

#include "rt/saved_state.hpp"

namespace stemma::dns {

DnsGuest::DnsGuest(const rt::Environment& environment, const DnsArguments& arguments)
    : console_(environment.console),
      interface_(arguments.address.vif, *environment.ports[arguments.address.vif],
                 {arguments.address.interface, arguments.gateway}, environment.entropy),
      arp_entries_(environment.clock, {&interface_}),
      arp_mirror_(environment.store, environment.clock, arp_entries_,
                  {.directory = "data/net/arp"}),
      follower_(environment.store, environment.entropy, arguments.zone),
      ready_(environment.store),
      counters_(environment.store, "data/net/dns"),
      interface_counters_(environment.store),
      status_(environment.store) {
    stack_.add(interface_);
    stack_.bind_udp(service_, DnsService::port, DnsService::port);
    status_.set(StatusNodes::status, "waiting");
    service_.responder().counters().for_each(
        [&](std::string_view name, const std::uint64_t& counter) { counters_.add(name, counter); });
    counters_.add("reloads", reloads_);
    counters_.add("refusals", refusals_);
    interface_.counters().for_each([&](std::string_view name, const std::uint64_t& counter) {
        interface_counters_.add(name, counter);
    });
    interface_counters_.add("mirrored", arp_mirror_.stats().mirrored);
    interface_counters_.add("unmirrored", arp_mirror_.stats().unmirrored);
    restore_arp(environment.saved_state);
}

rt::Instant DnsGuest::run(rt::Instant now) {
    if (!announced_) {
        announced_ = true;
        interface_.announce(now);
    }
    const bool more = stack_.receive(now, frames_at_once);
    rt::Instant next = stack_.run(now);

    next = std::min(next, arp_mirror_.run(now));
    next = std::min(next, follower_.run(now));
    take_over();
    next = std::min(next, ready_.run(now));
    next = std::min(next, counters_.run(now));
    next = std::min(next, interface_counters_.run(now));
    next = std::min(next, status_.run(now));
    return more ? now : next;
}

// The cache of the guest that had this name: its neighbours need not be asked for again.
void DnsGuest::restore_arp(std::span<const std::uint8_t> saved_state) {
    constexpr std::string_view prefix = "arp/";
    rt::SavedStateReader reader(saved_state);
    while (const auto entry = reader.next()) {
        if (entry->path.starts_with(prefix))
            arp_entries_.restore(entry->path.substr(prefix.size()), entry->value);
    }
}

void DnsGuest::take_over() {
    if (const auto refusal = follower_.take_refusal()) refuse(*refusal);
    auto followed = follower_.take_zone();
    if (!followed) return;
    auto& [checked, serial] = *followed;
    service_.responder().serve(checked.zone.get());
    zone_ = std::move(checked.zone);
    serial_ = std::move(serial);
    ++reloads_;
    ready_.serves();

    const std::string records = std::to_string(zone_->record_count());
    const std::string soa = std::to_string(zone_->serial());
    const std::string zone_name = "zone " + zone_->origin().text();
    console_.line(zone_name + ": serving serial " + serial_ + " (SOA " + soa + "), " + records +
                  " records, " + std::to_string(zone_->bytes() / 1024) + " KB");
    const ZoneWarnings& warnings = checked.warnings;
    for (const ZoneError& warning : warnings.kept)
        console_.line(zone_name + ": warning: " + warning.text());
    if (warnings.count > warnings.kept.size())
        console_.line(zone_name + ": and " + std::to_string(warnings.count - warnings.kept.size()) +
                      " more warnings");
    status_.set(StatusNodes::status, "serving");
    status_.set(StatusNodes::serial, serial_);
    status_.set(StatusNodes::soa, soa);
    status_.set(StatusNodes::records, records);
    status_.set(StatusNodes::error, "");
}

void DnsGuest::refuse(const RefusedZone& refusal) {
    ++refusals_;
    std::string text =
        refusal.serial.empty() ? refusal.cause : "serial " + refusal.serial + ": " + refusal.cause;
    console_.line("zone refused: " + text +
                  (zone_ ? "; serial " + serial_ + " is served on" : "; nothing to serve yet"));
    status_.set(StatusNodes::status, zone_ ? "kept" : "waiting");
    status_.set(StatusNodes::error, text);
}

}  // namespace stemma::dns
