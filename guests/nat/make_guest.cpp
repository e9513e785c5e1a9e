#include "nat/nat_guest.hpp"

namespace stemma::rt {

std::unique_ptr<Guest> make_guest(const Environment& environment) {
    const auto options = nat::parse_options(environment.arguments, environment.ports.size());
    if (!options) {
        environment.console.line("nat: " + options.error());
        return nullptr;
    }
    return std::make_unique<nat::NatGuest>(environment, *options);
}

}  // namespace stemma::rt
