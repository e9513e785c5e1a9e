#include "xenstored/domain_table.hpp"

#include <algorithm>

namespace stemma::xenstored {

DomainTable::DomainTable(Hypervisor& hypervisor, const Limits& limits)
    : hypervisor_(&hypervisor), limits_(limits) {
    auto domain0 = std::make_unique<Domain>();
    domain0->introduced = true;
    domain0->limits = limits;
    domains_.emplace(xs::DomainId{0}, std::move(domain0));
}

Domain* DomainTable::find_or_enter(long domid) {
    if (Domain* const known = find(domid)) return known;
    if (domid < 0 || domid >= xs::domid_first_reserved) return nullptr;
    const auto id = static_cast<xs::DomainId>(domid);
    if (!hypervisor_->exists(id)) return nullptr;
    auto entered = std::make_unique<Domain>();
    entered->ref = {id, ++last_generation_};
    entered->limits = limits_;
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

const Limits& DomainTable::limits_of(DomainRef domain) const {
    const auto known = domains_.find(domain.id);
    return known != domains_.end() && known->second->ref == domain ? known->second->limits
                                                                   : limits_;
}

Domain& DomainTable::enter_again(DomainRef domain) {
    skip_to(domain.generation);
    std::unique_ptr<Domain>& place = domains_[domain.id];
    if (!place) {
        place = std::make_unique<Domain>();
        place->ref = domain;
        place->limits = limits_;
    }
    return *place;
}

void DomainTable::set_default(const Quota& quota, std::size_t value) {
    limits_.*quota.value = value;
    if (std::ranges::find(changed_, &quota) == changed_.end()) changed_.push_back(&quota);
}

void DomainTable::set_limit(const Quota& quota, std::size_t value) {
    set_default(quota, value);
    for (auto& [id, domain] : domains_) {
        if (std::ranges::find(domain->own_quotas, &quota) == domain->own_quotas.end()) {
            domain->limits.*quota.value = value;
        }
    }
}

void DomainTable::set_limit_of_new_domains(const Quota& quota, std::size_t value) {
    set_default(quota, value);
    for (auto& [id, domain] : domains_)
        set_limit(*domain, quota, domain->limits.*quota.value);
}

void DomainTable::set_limit(Domain& domain, const Quota& quota, std::size_t value) {
    domain.limits.*quota.value = value;
    if (std::ranges::find(domain.own_quotas, &quota) == domain.own_quotas.end()) {
        domain.own_quotas.push_back(&quota);
    }
}

void DomainTable::erase(xs::DomainId domid) {
    if (domid != 0 && domains_.erase(domid) > 0) ++deaths_;
}

}  // namespace stemma::xenstored
