#include "dns/dns_guest.hpp"

namespace stemma::rt {

std::unique_ptr<Guest> make_guest(const Environment& environment) {
    const auto arguments = dns::DnsArguments::parse(environment.arguments);
    if (!arguments) {
        environment.console.line(arguments.error());
        return nullptr;
    }
    if (arguments->address.vif >= environment.ports.size()) {
        environment.console.line("there is no vif" + std::to_string(arguments->address.vif));
        return nullptr;
    }
    return std::make_unique<dns::DnsGuest>(environment, *arguments);
}

}  // namespace stemma::rt
