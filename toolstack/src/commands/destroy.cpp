#include "commands.hpp"
#include "running_domain.hpp"
#include "toolstack/file_guests.hpp"

namespace stemma::toolstack {

Result<int> run_destroy(Invocation& call) {
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    const auto domain = running_domain(call, "destroy", call.words[0]);
    if (!domain) {
        if (domain.error().kind != ErrorKind::not_found) return std::unexpected(domain.error());
        // Of one that has ended already what its file said is left.
        const auto forgotten = forget_file_guest(**store, call.words[0]);
        if (!forgotten) return std::unexpected(forgotten.error());
        if (!*forgotten) return std::unexpected(domain.error());
        call.printer.line(call.words[0] + " is forgotten; it did not run");
        call.printer.document(Json::object()
                                  .set("name", call.words[0])
                                  .set("domain", Json())
                                  .set("destroyed", false)
                                  .set("forgotten", true));
        return 0;
    }
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    if (auto destroyed = (*platform)->destroy(domain->id); !destroyed) {
        return std::unexpected(std::move(destroyed.error()));
    }
    const auto forgotten = forget_file_guest(**store, domain->name);
    if (!forgotten) return std::unexpected(forgotten.error());
    call.printer.line(domain->name + ", domain " + std::to_string(domain->id) + ", is gone");
    call.printer.document(Json::object()
                              .set("name", domain->name)
                              .set("domain", domain->id)
                              .set("destroyed", true)
                              .set("forgotten", *forgotten));
    return 0;
}

}  // namespace stemma::toolstack
