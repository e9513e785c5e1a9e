#include <algorithm>

#include "toolstack/reconcile.hpp"

namespace stemma::toolstack {

namespace {

// Of a domain that ran when xenstored was started anew.
bool is_lost(const MadeFrom& made) {
    return made.image.empty();
}

// Why a running guest cannot become the wanted one without being made anew; empty if it can.
std::string why_recreate(const Guest& wanted, const MadeFrom& made) {
    if (is_lost(made)) return "its nodes in XenStore are lost";
    if (made.image != wanted.image) return "its image was " + made.image;
    if (made.ramdisk != wanted.ramdisk) return "its ramdisk was " + made.ramdisk;
    if (made.type != name(wanted.type)) return "its type was " + made.type;
    if (made.memory != std::to_string(wanted.memory)) {
        return "its memory was " + made.memory + " MB";
    }
    if (made.vifs.size() != wanted.interfaces.size()) {
        return "it had " + std::to_string(made.vifs.size()) + " interfaces";
    }
    for (std::size_t i = 0; i < made.vifs.size(); ++i) {
        if (made.vifs[i].mac != to_string(wanted.interfaces[i].mac)) {
            return "interface " + std::to_string(i) + " had " + made.vifs[i].mac;
        }
    }
    if (made.arguments != command_line(wanted)) {
        return "it was started with `" + made.arguments + '`';
    }
    return "";
}

class Planner {
  public:
    Planner(const Configuration& wanted, const Observed& observed)
        : wanted_(wanted), observed_(observed) {}

    Result<std::vector<Action>> plan() {
        for (const auto& running : observed_.guests) {
            // Of one that is lost nothing says that this toolstack made it, but its name.
            if (wanted_.guests.contains(running.domain.name) || is_lost(running.made_from)) {
                continue;
            }
            add({.kind = Action::Kind::destroy,
                 .guest = running.domain.name,
                 .domain = running.domain.id,
                 .why = "it is not in the configuration"});
        }
        for (const auto& [name, bridge] : wanted_.bridges) {
            if (auto planned = plan_bridge(name, bridge); !planned) {
                return std::unexpected(std::move(planned.error()));
            }
        }
        for (const auto& [name, guest] : wanted_.guests)
            plan_guest(name, guest);
        for (const auto& start : starts_)
            add(start);
        for (const auto& link : observed_.links) {
            const bool ours = link.kind == "bridge" && link.alias == own_bridge_alias;
            if (ours && !wanted_.bridges.contains(link.name) && !keeps_foreign_ports(link)) {
                add({.kind = Action::Kind::remove_bridge, .bridge = link.name});
            }
        }
        return std::move(actions_);
    }

  private:
    void add(Action action) { actions_.push_back(std::move(action)); }

    Result<void> plan_bridge(const std::string& name, const Bridge& bridge) {
        const Link* link = find_link(observed_.links, name);
        if (link != nullptr && link->kind != "bridge") {
            return failure(ErrorKind::refused, "make", "the bridge " + name,
                           "a link of that name is there and is " +
                               (link->kind.empty() ? "hardware" : "a " + link->kind),
                           "remove or rename it, or give the bridge another name");
        }
        if (link == nullptr) {
            add({.kind = Action::Kind::make_bridge, .bridge = name});
        } else if (!link->up) {
            add({.kind = Action::Kind::take_up, .bridge = name});
        }
        // Only of a bridge that Stemma made does it know that no address is somebody else's.
        if (link != nullptr && link->alias == own_bridge_alias) {
            for (const auto& address : link->addresses) {
                if (address == bridge.address) continue;
                add({.kind = Action::Kind::remove_address, .bridge = name, .address = address});
            }
        }
        if (bridge.address &&
            (link == nullptr ||
             std::ranges::find(link->addresses, *bridge.address) == link->addresses.end())) {
            add({.kind = Action::Kind::add_address, .bridge = name, .address = *bridge.address});
        }
        return {};
    }

    void plan_guest(const std::string& name, const Guest& guest) {
        const auto running = std::ranges::find(observed_.guests, name, [](const RunningGuest& g) {
            return std::string_view(g.domain.name);
        });
        if (running == observed_.guests.end()) {
            if (guest.autostart) starts_.push_back({.kind = Action::Kind::start, .guest = name});
            return;
        }
        if (const auto why = why_recreate(guest, running->made_from); !why.empty()) {
            add({.kind = Action::Kind::destroy,
                 .guest = name,
                 .domain = running->domain.id,
                 .why = "to be made anew: " + why});
            starts_.push_back({.kind = Action::Kind::start, .guest = name});
            return;
        }
        for (unsigned i = 0; i < guest.interfaces.size(); ++i) {
            const auto& bridge = guest.interfaces[i].bridge;
            if (running->made_from.vifs[i].bridge == bridge &&
                bridge_of(vif_name(running->domain.id, i)) == bridge) {
                continue;
            }
            add({.kind = Action::Kind::move,
                 .guest = name,
                 .bridge = bridge,
                 .domain = running->domain.id,
                 .index = i});
        }
    }

    std::string bridge_of(const std::string& port) const {
        const Link* link = find_link(observed_.links, port);
        if (link == nullptr || link->master == 0) return "";
        const auto master = std::ranges::find(observed_.links, link->master, &Link::index);
        return master == observed_.links.end() ? "" : master->name;
    }

    // Ports of guests go before the bridge does, by the steps planned above.
    bool keeps_foreign_ports(const Link& bridge) const {
        return std::ranges::any_of(observed_.links, [&](const Link& link) {
            if (link.master != bridge.index) return false;
            return std::ranges::none_of(observed_.guests, [&](const RunningGuest& guest) {
                for (unsigned i = 0; i < guest.made_from.vifs.size(); ++i) {
                    if (vif_name(guest.domain.id, i) == link.name) return true;
                }
                return false;
            });
        });
    }

    const Configuration& wanted_;
    const Observed& observed_;
    std::vector<Action> actions_;
    std::vector<Action> starts_;
};

}  // namespace

std::string to_string(const Action& action) {
    const std::string interface = action.guest + " interface " + std::to_string(action.index) +
                                  " (" + vif_name(action.domain, action.index) + ')';
    std::string text;
    switch (action.kind) {
        case Action::Kind::destroy:
            text = "destroy " + action.guest + ", domain " + std::to_string(action.domain);
            break;
        case Action::Kind::make_bridge:
            text = "make bridge " + action.bridge;
            break;
        case Action::Kind::take_up:
            text = "take up bridge " + action.bridge;
            break;
        case Action::Kind::remove_address:
            text = "remove " + to_string(action.address) + " from bridge " + action.bridge;
            break;
        case Action::Kind::add_address:
            text = "give " + to_string(action.address) + " to bridge " + action.bridge;
            break;
        case Action::Kind::move:
            text = "move " + interface + " to " + action.bridge;
            break;
        case Action::Kind::start:
            text = "start " + action.guest;
            break;
        case Action::Kind::remove_bridge:
            text = "remove bridge " + action.bridge;
            break;
    }
    if (!action.why.empty()) text += " (" + action.why + ')';
    return text;
}

char sign(const Action& action) {
    switch (action.kind) {
        case Action::Kind::destroy:
        case Action::Kind::remove_address:
        case Action::Kind::remove_bridge:
            return '-';
        case Action::Kind::make_bridge:
        case Action::Kind::add_address:
        case Action::Kind::start:
            return '+';
        case Action::Kind::take_up:
        case Action::Kind::move:
            return '~';
    }
    return '~';
}

Result<std::vector<Action>> plan_actions(const Configuration& wanted, const Observed& observed) {
    return Planner(wanted, observed).plan();
}

}  // namespace stemma::toolstack
