#include "xenstored/rights.hpp"

namespace stemma::xenstored {

DomainRef owner_of(const store::Permissions& permissions) {
    const auto entries = permissions.entries();
    return entries.empty() ? DomainRef{} : domain_of(entries.front());
}

Rights rights_of(const Caller& caller, const store::Permissions& permissions) {
    if (caller.privileged) return Rights::all();
    const auto entries = permissions.entries();
    if (entries.empty()) return {};
    const auto is_caller = [&](const store::Permission& entry) {
        const DomainRef domain = domain_of(entry);
        return domain == caller.domain || (caller.target && domain == *caller.target);
    };
    if (is_caller(entries.front())) return Rights::all();
    for (const auto& entry : entries.subspan(1)) {
        if (is_caller(entry) || domain_of(entry) == any_domain) return Rights::of(entry.access);
    }
    return Rights::of(entries.front().access);
}

}  // namespace stemma::xenstored
