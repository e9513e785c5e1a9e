#include "running_domain.hpp"

#include <algorithm>

#include "toolstack/configuration_store.hpp"
#include "toolstack/spelling.hpp"

namespace stemma::toolstack {

Result<DomainInfo> running_domain(Invocation& call, const std::string& verb,
                                  const std::string& word) {
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    const auto domains = (*platform)->domains();
    if (!domains) return std::unexpected(domains.error());
    auto found = std::ranges::find(*domains, word, &DomainInfo::name);
    if (found == domains->end()) {
        found = std::ranges::find_if(
            *domains, [&](const DomainInfo& domain) { return std::to_string(domain.id) == word; });
    }
    if (found == domains->end()) {
        if (const auto store = call.surroundings.store()) {
            const auto configuration = load_configuration(**store);
            std::string other;
            if (configuration && find_guest(*configuration, word, other) != nullptr) {
                found = std::ranges::find(*domains, other, &DomainInfo::name);
            }
        }
    }
    if (found != domains->end()) return *found;
    std::vector<std::string_view> names;
    for (const auto& domain : *domains)
        names.push_back(domain.name);
    const auto near = closest(word, names);
    return failure(ErrorKind::not_found, verb, "the guest " + word, "it does not run",
                   near.empty() ? "stemma list" : "did you mean " + std::string(near) + '?');
}

}  // namespace stemma::toolstack
