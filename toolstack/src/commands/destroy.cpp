#include "commands.hpp"
#include "running_domain.hpp"

namespace stemma::toolstack {

Result<int> run_destroy(Invocation& call) {
    const auto domain = running_domain(call, "destroy", call.words[0]);
    if (!domain) return std::unexpected(domain.error());
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    if (auto destroyed = (*platform)->destroy(domain->id); !destroyed) {
        return std::unexpected(std::move(destroyed.error()));
    }
    call.printer.line(domain->name + ", domain " + std::to_string(domain->id) + ", is gone");
    call.printer.document(
        Json::object().set("name", domain->name).set("domain", domain->id).set("destroyed", true));
    return 0;
}

}  // namespace stemma::toolstack
