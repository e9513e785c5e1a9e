#include <algorithm>

#include "commands.hpp"
#include "toolstack/configuration_store.hpp"
#include "toolstack/spelling.hpp"

namespace stemma::toolstack {

Result<int> run_destroy(Invocation& call) {
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    const auto domains = (*platform)->domains();
    if (!domains) return std::unexpected(domains.error());
    std::string name = call.words[0];
    auto found = std::ranges::find(*domains, name, &DomainInfo::name);
    if (found == domains->end()) {
        // As `create nat` does: the only guest of that image.
        if (const auto store = call.surroundings.store()) {
            const auto configuration = load_configuration(**store);
            std::string other;
            if (configuration && find_guest(*configuration, name, other) != nullptr) {
                name = other;
                found = std::ranges::find(*domains, name, &DomainInfo::name);
            }
        }
    }
    if (found == domains->end()) {
        std::vector<std::string_view> names;
        for (const auto& domain : *domains)
            names.push_back(domain.name);
        const auto near = closest(call.words[0], names);
        return failure(ErrorKind::not_found, "destroy", "the guest " + call.words[0],
                       "it does not run",
                       near.empty() ? "stemma list" : "did you mean " + std::string(near) + '?');
    }
    if (auto destroyed = (*platform)->destroy(found->id); !destroyed) {
        return std::unexpected(std::move(destroyed.error()));
    }
    call.printer.line(name + ", domain " + std::to_string(found->id) + ", is gone");
    call.printer.document(
        Json::object().set("name", name).set("domain", found->id).set("destroyed", true));
    return 0;
}

}  // namespace stemma::toolstack
