#include "probe/probe_guest.hpp"

#include <algorithm>

#include "rt/saved_state.hpp"

namespace stemma::probe {

namespace {

constexpr std::string_view arp_directory = "arp/";

}  // namespace

ProbeGuest::ProbeGuest(const rt::Environment& environment, const Options& options)
    : console_(environment.console),
      options_(options),
      interface_(options.address.vif, *environment.ports[options.address.vif],
                 {options.address.interface, options.gateway}, environment.entropy),
      tcp_(stack_, environment.entropy),
      arp_entries_(environment.clock, {&interface_}),
      arp_mirror_(environment.store, environment.clock, arp_entries_, {"data/net/arp"}),
      counters_(environment.store),
      report_(environment.store),
      resolve_(stack_, environment.console, report_, environment.entropy),
      stream_(tcp_, environment.console, report_),
      flows_(stack_, environment.console, report_),
      ping_(stack_, environment.console, report_, environment.entropy),
      command_(environment.store),
      names_(environment.store),
      ready_(environment.store) {
    command_.follow("data/probe/command");
    stack_.add(interface_);
    restore_arp(environment.saved_state);
    interface_.counters().for_each(
        [&](std::string_view name, const std::uint64_t& counter) { counters_.add(name, counter); });
    if (!resolve_.bind() || !flows_.bind() ||
        (options.echo && !echo_.start(stack_, tcp_, *options.echo)))
        console_.line("echo: its port is one of the probe's own, from 20000 to 59999");
}

void ProbeGuest::restore_arp(std::span<const std::uint8_t> saved_state) {
    rt::SavedStateReader reader(saved_state);
    while (const auto entry = reader.next()) {
        if (entry->path.starts_with(arp_directory))
            arp_entries_.restore(entry->path.substr(arp_directory.size()), entry->value);
    }
}

rt::Instant ProbeGuest::run(rt::Instant now) {
    if (!begun_) begin(now);
    rt::Instant next = std::min(command_.run(now), names_.run(now));
    if (const auto text = command_.take()) take_command(*text, now);
    if (const auto text = names_.take()) take_names(*text, now);
    const bool more = stack_.receive(now, frames_at_once);
    echo_.run(now);
    next = std::min({next, resolve_.run(now), stream_.run(now), flows_.run(now), ping_.run(now)});
    // after all that sends
    next = std::min({next, tcp_.run(now), stack_.run(now), ready_.run(now), arp_mirror_.run(now),
                     counters_.run(now), report_.run(now)});
    return more ? now : next;
}

void ProbeGuest::begin(rt::Instant now) {
    begun_ = true;
    ready_.serves();
    interface_.announce(now);
    start(options_.tasks, now);
}

void ProbeGuest::start(const Tasks& tasks, rt::Instant now) {
    if (tasks.resolve) {
        names_.follow(tasks.names_node);
        resolve_options_ = *tasks.resolve;
        if (tasks.names_node.empty()) resolve_.start(*tasks.resolve, now);
    }
    if (tasks.stream) stream_.start(*tasks.stream, now);
    if (tasks.flows) flows_.start(*tasks.flows, now);
    if (tasks.ping) ping_.start(*tasks.ping, now);
}

void ProbeGuest::take_names(std::string_view text, rt::Instant now) {
    auto names = parse_names(text);
    if (!names) {
        console_.line("resolve: the names in the store: " + names.error());
        return;
    }
    resolve_options_.names = std::move(*names);
    resolve_.start(resolve_options_, now);
}

void ProbeGuest::take_command(std::string_view text, rt::Instant now) {
    if (text.empty()) return;
    const auto tasks = Tasks::parse(text);
    console_.line("command " + std::string(text) + (tasks ? "" : ": " + tasks.error()));
    std::string outcome = tasks ? "ok" : tasks.error();
    if (tasks && !tasks->turn.empty()) outcome += " turn=" + tasks->turn;
    report_.set("outcome", outcome);
    if (tasks) start(*tasks, now);
}

}  // namespace stemma::probe
