#include <algorithm>

#include "commands.hpp"
#include "net_target.hpp"
#include "number_option.hpp"
#include "toolstack/attach_interface.hpp"
#include "toolstack/configuration_store.hpp"
#include "toolstack/interface_keys.hpp"
#include "toolstack/interface_match.hpp"
#include "toolstack/spelling.hpp"

namespace stemma::toolstack {

namespace {

using Words = std::map<std::string_view, std::string>;

std::unexpected<Error> usage(const std::string& word, std::string cause, std::string next = {}) {
    return failure(ErrorKind::usage, "understand", word, std::move(cause), std::move(next));
}

// "bridge=xenbr0" and what else there is.
Result<Words> key_words(const std::vector<std::string>& words) {
    Words found;
    std::vector<std::string_view> names;
    for (const auto& key : interface_keys())
        names.push_back(key.name);
    for (const auto& word : words) {
        const std::string given = word.substr(0, word.find('='));
        const auto name = std::ranges::find(names, given);
        if (name == names.end() || given.size() == word.size()) {
            const auto near = closest(given, names);
            return usage(word, "bridge=, mac=, address=, gateway= or role= is expected",
                         near.empty() ? "" : "did you mean " + std::string(near) + "=?");
        }
        if (!found.emplace(*name, word.substr(given.size() + 1)).second) {
            return usage(word, "it is given twice");
        }
    }
    if (!found.contains("bridge"))
        return usage("the interface", "bridge= is missing: none is guessed");
    return found;
}

bool is_in_use(const NetTarget& target, const MacAddress& mac) {
    if (std::ranges::find(target.vifs, to_string(mac), &RunningVif::mac) != target.vifs.end()) {
        return true;
    }
    return std::ranges::any_of(target.configuration.guests, [&](const auto& guest) {
        const auto& interfaces = guest.second.interfaces;
        return std::ranges::find(interfaces, mac, &Interface::mac) != interfaces.end();
    });
}

// Who has the address already; empty for nobody.
std::string owner_of(const Configuration& configuration, std::uint32_t address) {
    for (const auto& [name, bridge] : configuration.bridges) {
        if (bridge.address && bridge.address->address == address) return "bridge " + name;
    }
    for (const auto& [name, guest] : configuration.guests) {
        for (const auto& interface : guest.interfaces) {
            if (interface.address && interface.address->address == address) return "guest " + name;
        }
    }
    return "";
}

// Of a domain of another toolstack's: the rest is not ours to say.
Result<void> check_foreign(const Words& words) {
    for (const auto* key : {"address", "gateway", "role"}) {
        if (!words.contains(key)) continue;
        return usage(key, "only a guest that is configured in /stemma has one");
    }
    return {};
}

// Where /stemma has not to have the bridge, it has to be there.
Result<void> check_bridge(Invocation& call, const std::string& bridge) {
    const auto links = call.surroundings.links();
    if (!links) return std::unexpected(links.error());
    const auto all = (*links)->all();
    if (!all) return std::unexpected(all.error());
    const Link* link = find_link(*all, bridge);
    if (link != nullptr && link->kind == "bridge") return {};
    return failure(ErrorKind::not_found, "attach an interface to", "the bridge " + bridge,
                   link == nullptr ? "there is no such bridge" : "it is not a bridge",
                   "stemma net list");
}

// Where no configuration file says what bridges there are.
bool takes_any_bridge(const NetTarget& target) {
    return !target.configured || !target.guest().file.empty();
}

Result<Interface> interface_of(const NetTarget& target, const Words& words) {
    Configuration configuration = target.configuration;
    if (takes_any_bridge(target)) configuration.bridges.try_emplace(words.at("bridge"));
    Interface interface;
    for (const auto& key : interface_keys()) {
        const auto word = words.find(key.name);
        if (word == words.end()) continue;
        const auto cause = take_interface_key(interface, key.name, word->second, configuration);
        if (cause) return usage(std::string(key.name) + '=' + word->second, *cause);
    }
    if (interface.mac.is_zero()) {
        // As the configuration file would have it; of a foreign domain, by what is its own alone.
        const std::string seed = target.configured ? target.name : target.domain->uuid;
        const auto place = static_cast<unsigned>(
            target.configured ? target.guest().interfaces.size() : target.vifs.size());
        interface.mac =
            free_mac(seed, place, [&](const MacAddress& mac) { return is_in_use(target, mac); });
    } else if (is_in_use(target, interface.mac)) {
        return failure(ErrorKind::refused, "attach",
                       "an interface with " + to_string(interface.mac),
                       "another interface has this address");
    }
    if (interface.address) {
        const auto owner = owner_of(target.configuration, interface.address->address);
        if (!owner.empty()) {
            return failure(ErrorKind::refused, "attach",
                           "an interface with " + to_string(*interface.address),
                           owner + " has this address");
        }
    }
    return interface;
}

unsigned free_number(const NetTarget& target) {
    unsigned number = 0;
    while (std::ranges::find(target.vifs, number, &RunningVif::index) != target.vifs.end())
        ++number;
    return number;
}

}  // namespace

Result<int> run_net_attach(Invocation& call) {
    const auto words = key_words({call.words.begin() + 1, call.words.end()});
    if (!words) return std::unexpected(words.error());
    const auto options = create_options(call);
    if (!options) return std::unexpected(options.error());
    const auto target = net_target(call, "attach to");
    if (!target) return std::unexpected(target.error());
    if (!target->configured) {
        if (auto good = check_foreign(*words); !good) {
            return std::unexpected(std::move(good.error()));
        }
    }
    if (takes_any_bridge(*target)) {
        if (auto good = check_bridge(call, words->at("bridge")); !good) {
            return std::unexpected(std::move(good.error()));
        }
    }
    const auto interface = interface_of(*target, *words);
    if (!interface) return std::unexpected(interface.error());

    Configuration wanted = target->configuration;
    unsigned number = free_number(*target);
    if (target->configured) {
        auto& interfaces = wanted.guests.at(target->name).interfaces;
        if (interfaces.size() == interfaces_max) {
            return failure(ErrorKind::refused, "attach to", "the interfaces of " + target->name,
                           "it has " + std::to_string(interfaces_max) + ", which is all it can");
        }
        interfaces.push_back(*interface);
        if (auto changed = change_configuration(*target, "attach to", wanted); !changed) {
            return std::unexpected(std::move(changed.error()));
        }
        if (!target->domain) number = static_cast<unsigned>(interfaces.size() - 1);
    }
    if (target->domain) {
        auto attached =
            attach_interface(*target->store, *target->platform, target->domain->id, number,
                             *interface, target->configured_guest(wanted), *options);
        if (!attached) {
            // As a creation that fails, it leaves nothing behind.
            if (target->configured &&
                replace_configuration(*target->store, wanted, target->configuration) != true) {
                attached.error().kind = ErrorKind::partial;
            }
            return std::unexpected(std::move(attached.error()));
        }
    }
    call.printer.line(target->name + " interface " + std::to_string(number) + ", " +
                      to_string(interface->mac) + ", " +
                      (target->domain ? "is " + vif_name(target->domain->id, number) + " on "
                                      : "will be, when it is created, on ") +
                      interface->bridge);
    call.printer.document(Json::object()
                              .set("guest", target->name)
                              .set("domain", target->domain ? Json(target->domain->id) : Json())
                              .set("index", number)
                              .set("mac", to_string(interface->mac))
                              .set("bridge", interface->bridge)
                              .set("configured", target->configured));
    return 0;
}

}  // namespace stemma::toolstack
