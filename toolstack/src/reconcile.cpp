#include "toolstack/reconcile.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "toolstack/attach_interface.hpp"

namespace stemma::toolstack {

namespace {

Result<void> perform(Store& store, Platform& platform, Links& links, const Configuration& wanted,
                     const Action& action, const CreateOptions& options) {
    switch (action.kind) {
        case Action::Kind::destroy:
            return platform.destroy(action.domain);
        case Action::Kind::make_bridge:
            return links.add_bridge(action.bridge);
        case Action::Kind::take_up:
            return links.set_up(action.bridge);
        case Action::Kind::remove_address:
            return links.remove_address(action.bridge, action.address);
        case Action::Kind::add_address:
            return links.add_address(action.bridge, action.address);
        case Action::Kind::move:
            return platform.move_port(action.domain, action.index, action.bridge);
        case Action::Kind::detach: {
            auto released = detach_interface(store, platform, action.domain, action.index,
                                             &wanted.guests.at(action.guest));
            if (!released) return std::unexpected(std::move(released.error()));
            return {};
        }
        case Action::Kind::attach: {
            const Guest& guest = wanted.guests.at(action.guest);
            const auto interface = std::ranges::find(guest.interfaces, action.mac, &Interface::mac);
            return attach_interface(store, platform, action.domain, action.index, *interface,
                                    &guest, options);
        }
        case Action::Kind::start: {
            auto created = create_guest(store, platform, action.guest,
                                        wanted.guests.at(action.guest), options);
            if (!created) return std::unexpected(std::move(created.error()));
            return {};
        }
        case Action::Kind::remove_bridge:
            return links.remove(action.bridge);
    }
    return {};
}

std::string ports_of(const Observed& observed, int bridge) {
    std::string ports;
    for (const auto& link : observed.links) {
        if (link.master != bridge) continue;
        ports += (ports.empty() ? "" : ", ") + link.name;
    }
    return ports.empty() ? "no ports" : "ports " + ports;
}

std::vector<std::string> facts(const Configuration& wanted, const Observed& observed) {
    std::vector<std::string> found;
    for (const auto& [name, bridge] : wanted.bridges) {
        const Link* link = find_link(observed.links, name);
        if (link == nullptr) continue;
        std::string text = "bridge " + name + (link->up ? " is up" : " is down");
        for (const auto& address : link->addresses)
            text += ", " + to_string(address);
        found.push_back(text + ", " + ports_of(observed, link->index));
    }
    for (const auto& running : observed.guests) {
        if (!wanted.guests.contains(running.domain.name)) continue;
        std::string text =
            "guest " + running.domain.name + " runs as domain " + std::to_string(running.domain.id);
        for (const auto& vif : running.made_from.vifs) {
            text += ", interface " + std::to_string(vif.index) + " on " + vif.bridge;
        }
        found.push_back(std::move(text));
    }
    return found;
}

}  // namespace

Result<Observed> observe(Store& store, Platform& platform, Links& links) {
    Observed observed;
    auto all = links.all();
    if (!all) return std::unexpected(std::move(all.error()));
    observed.links = std::move(*all);
    auto domains = platform.domains();
    if (!domains) return std::unexpected(std::move(domains.error()));
    for (auto& domain : *domains) {
        if (domain.state == DomainState::shut_down) continue;
        auto made = read_made_from(store, domain.id);
        if (!made) return std::unexpected(made.error().error());
        if (*made) {
            const bool takes = platform.takes_interfaces((*made)->image);
            observed.guests.push_back({std::move(domain), std::move(**made), takes});
            continue;
        }
        // Another toolstack's has a type there; one whose xenstored died under it has nothing.
        const auto type = store.find(library_path(domain.id) + "/type");
        if (!type) return std::unexpected(type.error().error());
        if (!*type && !domain.name.empty()) {
            observed.guests.push_back({std::move(domain), MadeFrom(), false});
        }
    }
    return observed;
}

Reconciliation reconcile(Store& store, Platform& platform, Links& links,
                         const Configuration& wanted, const std::vector<Action>& actions,
                         const CreateOptions& options,
                         const std::function<void(const Action&)>& before_each) {
    Reconciliation result;
    std::set<std::string> failed_guests;
    for (const auto& action : actions) {
        // A guest that could not be destroyed cannot be started anew either.
        if (!action.guest.empty() && failed_guests.contains(action.guest)) continue;
        before_each(action);
        auto done = perform(store, platform, links, wanted, action, options);
        if (done) {
            result.done.push_back(action);
        } else {
            result.failures.push_back(std::move(done.error()));
            if (!action.guest.empty()) failed_guests.insert(action.guest);
        }
    }
    auto observed = observe(store, platform, links);
    if (!observed) {
        result.failures.push_back(std::move(observed.error()));
        return result;
    }
    result.verified = facts(wanted, *observed);
    const auto left = plan_actions(wanted, *observed);
    if (!left) {
        result.failures.push_back(left.error());
        return result;
    }
    for (const auto& action : *left) {
        if (!action.guest.empty() && failed_guests.contains(action.guest)) continue;
        result.failures.push_back({.tried = "verify what was done",
                                   .on = "",
                                   .cause = "this is still to do: " + to_string(action),
                                   .next = "stemma apply again; if it stays, somebody else "
                                           "changes the same links or guests"});
    }
    return result;
}

}  // namespace stemma::toolstack
