#pragma once

#include <optional>
#include <string>
#include <vector>

#include "toolstack/command.hpp"
#include "toolstack/configuration.hpp"
#include "toolstack/domain_nodes.hpp"

namespace stemma::toolstack {

// Whose interfaces `net attach` and `net detach` change: a guest that is configured, a domain that
// runs, or both.
struct NetTarget {
    Store* store = nullptr;
    Platform* platform = nullptr;
    Configuration configuration;
    std::string name;
    bool configured = false;  // and not another toolstack's domain of the same name
    std::optional<DomainInfo> domain;
    std::vector<RunningVif> vifs;  // of the domain

    const Guest& guest() const { return configuration.guests.at(name); }
    // The configuration of it for attach_interface(): null if it has none.
    const Guest* configured_guest(const Configuration& in) const {
        return configured ? &in.guests.at(name) : nullptr;
    }
};

// Refused of a domain that is not running just then, and of a running guest whose image takes its
// interfaces when it starts. `verb` is for the error.
Result<NetTarget> net_target(Invocation& call, const std::string& verb);

// Writes /stemma as it is to be; an error when somebody else changed it meanwhile, or when the
// guest's interfaces would not be ones that its image can have.
Result<void> change_configuration(const NetTarget& target, const std::string& verb,
                                  const Configuration& wanted);

}  // namespace stemma::toolstack
