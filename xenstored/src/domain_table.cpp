#include "xenstored/domain_table.hpp"

namespace stemma::xenstored {

DomainTable::DomainTable(Hypervisor& hypervisor) : hypervisor_(&hypervisor) {
    auto domain0 = std::make_unique<Domain>();
    domain0->introduced = true;
    domains_.emplace(xs::DomainId{0}, std::move(domain0));
}

Domain* DomainTable::find_or_enter(long domid) {
    if (Domain* const known = find(domid)) return known;
    if (domid < 0 || domid >= xs::domid_first_reserved) return nullptr;
    const auto id = static_cast<xs::DomainId>(domid);
    if (!hypervisor_->exists(id)) return nullptr;
    auto entered = std::make_unique<Domain>();
    entered->ref = {id, ++last_generation_};
    return domains_.emplace(id, std::move(entered)).first->second.get();
}

Domain* DomainTable::find(long domid) {
    if (domid < 0 || domid >= xs::domid_first_reserved) return nullptr;
    const auto known = domains_.find(static_cast<xs::DomainId>(domid));
    return known == domains_.end() ? nullptr : known->second.get();
}

Domain* DomainTable::find_introduced(long domid) {
    Domain* const domain = find(domid);
    return domain != nullptr && domain->introduced ? domain : nullptr;
}

bool DomainTable::is_live(DomainRef domain) const {
    const auto known = domains_.find(domain.id);
    return known != domains_.end() && known->second->ref == domain;
}

void DomainTable::erase(xs::DomainId domid) {
    if (domid != 0 && domains_.erase(domid) > 0) ++deaths_;
}

}  // namespace stemma::xenstored
