#include <algorithm>

#include "toolstack/interface_match.hpp"
#include "toolstack/reconcile.hpp"

namespace stemma::toolstack {

namespace {

// Of a domain that ran when xenstored was started anew.
bool is_lost(const MadeFrom& made) {
    return made.image.empty();
}

std::string started_with(const MadeFrom& made) {
    return "it was started with `" + made.arguments + '`';
}

// Of one that takes its interfaces when it starts.
std::string why_other_interfaces(const Guest& wanted, const MadeFrom& made) {
    if (made.vifs.size() != wanted.interfaces.size()) {
        return "it had " + std::to_string(made.vifs.size()) + " interfaces";
    }
    for (std::size_t i = 0; i < made.vifs.size(); ++i) {
        if (made.vifs[i].index != i || made.vifs[i].mac != to_string(wanted.interfaces[i].mac)) {
            return "interface " + std::to_string(made.vifs[i].index) + " had " + made.vifs[i].mac;
        }
    }
    return made.arguments == command_line(wanted) ? "" : started_with(made);
}

// Why a running guest cannot become the wanted one without being made anew; empty if it can.
std::string why_recreate(const Guest& wanted, const RunningGuest& running,
                         const InterfaceMatch& match) {
    const MadeFrom& made = running.made_from;
    if (is_lost(made)) return "its nodes in XenStore are lost";
    if (made.image != wanted.image) return "its image was " + made.image;
    if (made.ramdisk != wanted.ramdisk) return "its ramdisk was " + made.ramdisk;
    if (made.type != name(wanted.type)) return "its type was " + made.type;
    if (made.memory != std::to_string(wanted.memory)) {
        return "its memory was " + made.memory + " MB";
    }
    if (made.vcpus != std::to_string(wanted.vcpus)) return "its vcpus were " + made.vcpus;
    if (!wanted.uuid.empty() && running.domain.uuid != wanted.uuid) {
        return "its UUID was " + running.domain.uuid;
    }
    if (!running.takes_interfaces) return why_other_interfaces(wanted, made);
    return has_same_words(made.arguments, wanted, match) ? "" : started_with(made);
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
            if (ours && !wanted_.bridges.contains(link.name) && !is_wanted_by_guest(link.name) &&
                !keeps_foreign_ports(link)) {
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
        const auto match = match_interfaces(guest, running->made_from.vifs);
        if (const auto why = why_recreate(guest, *running, match); !why.empty()) {
            add({.kind = Action::Kind::destroy,
                 .guest = name,
                 .domain = running->domain.id,
                 .why = "to be made anew: " + why});
            starts_.push_back({.kind = Action::Kind::start, .guest = name});
            return;
        }
        const DomainId id = running->domain.id;
        for (const unsigned number : match.unwanted) {
            add({.kind = Action::Kind::detach, .guest = name, .domain = id, .index = number});
        }
        for (std::size_t i = 0; i < guest.interfaces.size(); ++i) {
            const auto& [number, present] = match.wanted[i];
            const auto& bridge = guest.interfaces[i].bridge;
            if (present && is_on(*running, number, bridge)) continue;
            add({.kind = present ? Action::Kind::move : Action::Kind::attach,
                 .guest = name,
                 .bridge = bridge,
                 .domain = id,
                 .index = number,
                 .mac = guest.interfaces[i].mac});
        }
    }

    // By its node and by the kernel.
    bool is_on(const RunningGuest& running, unsigned number, const std::string& bridge) const {
        const auto vif = std::ranges::find(running.made_from.vifs, number, &RunningVif::index);
        return vif->bridge == bridge && bridge_of(vif_name(running.domain.id, number)) == bridge;
    }

    std::string bridge_of(const std::string& port) const {
        const Link* link = find_link(observed_.links, port);
        if (link == nullptr || link->master == 0) return "";
        const auto master = std::ranges::find(observed_.links, link->master, &Link::index);
        return master == observed_.links.end() ? "" : master->name;
    }

    // A guest from an xl.cfg file may be on a bridge that no configuration file has.
    bool is_wanted_by_guest(const std::string& bridge) const {
        return std::ranges::any_of(wanted_.guests, [&](const auto& guest) {
            return std::ranges::find(guest.second.interfaces, bridge, &Interface::bridge) !=
                   guest.second.interfaces.end();
        });
    }

    // Ports of guests go before the bridge does, by the steps planned above.
    bool keeps_foreign_ports(const Link& bridge) const {
        return std::ranges::any_of(observed_.links, [&](const Link& link) {
            if (link.master != bridge.index) return false;
            return std::ranges::none_of(observed_.guests, [&](const RunningGuest& guest) {
                return std::ranges::any_of(guest.made_from.vifs, [&](const RunningVif& vif) {
                    return vif_name(guest.domain.id, vif.index) == link.name;
                });
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
        case Action::Kind::detach:
            text = "detach " + interface;
            break;
        case Action::Kind::attach:
            text = "attach " + interface + " to " + action.bridge;
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
        case Action::Kind::detach:
            return '-';
        case Action::Kind::make_bridge:
        case Action::Kind::add_address:
        case Action::Kind::start:
        case Action::Kind::attach:
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
