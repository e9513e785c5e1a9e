#include "probe/probe_guest.hpp"

namespace stemma::rt {

std::unique_ptr<Guest> make_guest(const Environment& environment) {
    const auto options = probe::Options::parse(environment.arguments);
    if (!options) {
        environment.console.line(options.error());
        return nullptr;
    }
    if (options->address.vif >= environment.ports.size()) {
        environment.console.line("address: there is no vif" + std::to_string(options->address.vif));
        return nullptr;
    }
    if (options->echo && *options->echo >= 20'000 && *options->echo < 60'000) {
        environment.console.line("echo: ports 20000 to 59999 are the probe's own");
        return nullptr;
    }
    return std::make_unique<probe::ProbeGuest>(environment, *options);
}

}  // namespace stemma::rt
