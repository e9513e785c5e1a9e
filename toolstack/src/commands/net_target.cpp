#include "net_target.hpp"

#include "running_domain.hpp"
#include "toolstack/configuration_store.hpp"
#include "toolstack/interface_keys.hpp"

namespace stemma::toolstack {

Result<NetTarget> net_target(Invocation& call, const std::string& verb) {
    NetTarget target;
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    target.store = *store;
    target.platform = *platform;
    auto configuration = load_configuration(**store);
    if (!configuration) return std::unexpected(std::move(configuration.error()));
    target.configuration = std::move(*configuration);

    auto domain = running_domain(call, verb, call.words[0]);
    const std::string word = domain ? domain->name : call.words[0];
    target.configured = find_guest(target.configuration, word, target.name) != nullptr;
    if (!domain) {
        if (!target.configured) return std::unexpected(std::move(domain.error()));
        return target;
    }
    target.name = domain->name;
    target.domain = std::move(*domain);
    const auto made = read_made_from(**store, target.domain->id);
    if (!made) return std::unexpected(made.error().error());
    target.configured = *made && target.configuration.guests.contains(target.name);
    const std::string on = "the interfaces of " + target.name;
    if (target.domain->state != DomainState::running) {
        return failure(ErrorKind::refused, verb, on,
                       "it is " + std::string(name(target.domain->state)), "stemma list");
    }
    if (*made && !(*platform)->takes_interfaces((*made)->image)) {
        return failure(
            ErrorKind::refused, verb, on,
            "a guest of the image " + (*made)->image + " takes its interfaces when it starts",
            "change them in the file and apply it: the guest is made anew, with its "
            "network state");
    }
    auto vifs = read_vifs(**store, target.domain->id);
    if (!vifs) return std::unexpected(vifs.error().error());
    target.vifs = std::move(*vifs);
    return target;
}

Result<void> change_configuration(const NetTarget& target, const std::string& verb,
                                  const Configuration& wanted) {
    const std::string on = "the interfaces of " + target.name;
    const auto faults = interface_faults(wanted.guests.at(target.name));
    if (!faults.empty()) {
        return failure(ErrorKind::refused, verb, on, faults.front().cause, "see stemma.toml(5)");
    }
    const auto replaced = replace_configuration(*target.store, target.configuration, wanted);
    if (!replaced) return std::unexpected(replaced.error());
    if (!*replaced) {
        return failure(ErrorKind::refused, verb, on,
                       "somebody else changed the configuration at the same time", "try it again");
    }
    return {};
}

}  // namespace stemma::toolstack
