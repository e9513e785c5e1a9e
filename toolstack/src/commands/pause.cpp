#include "commands.hpp"
#include "running_domain.hpp"

namespace stemma::toolstack {

namespace {

Result<int> run(Invocation& call, const std::string& verb, DomainState from, DomainState to,
                Result<void> (Platform::*change)(DomainId)) {
    const auto domain = running_domain(call, verb, call.words[0]);
    if (!domain) return std::unexpected(domain.error());
    if (domain->state != from) {
        return failure(ErrorKind::refused, verb, "the guest " + domain->name,
                       domain->state == to ? "it is " + std::string(name(to)) + " already"
                                           : "it is " + std::string(name(domain->state)),
                       "stemma list");
    }
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    if (auto changed = ((*platform)->*change)(domain->id); !changed) {
        return std::unexpected(std::move(changed.error()));
    }
    call.printer.line(domain->name + ", domain " + std::to_string(domain->id) + ", is " +
                      std::string(name(to)));
    call.printer.document(
        Json::object().set("name", domain->name).set("domain", domain->id).set("state", name(to)));
    return 0;
}

}  // namespace

Result<int> run_pause(Invocation& call) {
    return run(call, "pause", DomainState::running, DomainState::paused, &Platform::pause);
}

Result<int> run_unpause(Invocation& call) {
    return run(call, "unpause", DomainState::paused, DomainState::running, &Platform::unpause);
}

}  // namespace stemma::toolstack
