#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "xenstored/connection_id.hpp"
#include "xenstored/domain_ref.hpp"
#include "xenstored/hypervisor.hpp"
#include "xenstored/limits.hpp"
#include "xenstored/quota.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::xenstored {

// Bits of the ring page's server_features that this server can offer, and what SET_FEATURE takes.
inline constexpr std::uint32_t all_features =
    static_cast<std::uint32_t>(xs::ServerFeature::reconnection) |
    static_cast<std::uint32_t>(xs::ServerFeature::error) |
    static_cast<std::uint32_t>(xs::ServerFeature::watch_depth) |
    static_cast<std::uint32_t>(xs::ServerFeature::any_domain);

// A domain that somebody named: by a permission entry, by INTRODUCE, SET_FEATURE or SET_QUOTA.
struct Domain {
    DomainRef ref;
    bool introduced = false;
    bool shutdown_told = false;  // @releaseDomain was fired for its shutdown; RESUME re-arms it
    bool soft_limit_told = false;
    bool hard_limit_told = false;
    bool held_told = false;
    ConnectionId connection;  // if introduced
    std::uint32_t port = 0;   // these two as INTRODUCE, or the hypervisor, named them
    std::uint64_t frame = 0;
    std::uint32_t features = all_features;
    Limits limits;
    std::vector<const Quota*> own_quotas;  // those that were set for this domain alone
};

// The domains the daemon knows, one at most for each domid. A domain enters when it is first named
// while the hypervisor knows it, and leaves at its death or RELEASE; its generation is then dead,
// and its limits and features with it.
class DomainTable {
  public:
    explicit DomainTable(Hypervisor& hypervisor, const Limits& limits = {});

    // The domain of this id, entered now if the hypervisor has one; nullptr if there is none.
    // Pointers are good until the domain leaves.
    Domain* find_or_enter(long domid);
    // Only what has been entered.
    Domain* find(long domid);
    Domain* find_introduced(long domid);

    bool is_live(DomainRef domain) const;

    // A domain that an earlier daemon knew, under its generation. Domain 0 is the one that is
    // there.
    Domain& enter_again(DomainRef domain);
    std::uint64_t last_generation() const { return last_generation_; }
    // Generations given from now on are greater.
    void skip_to(std::uint64_t used) { last_generation_ = std::max(last_generation_, used); }

    // The domain leaves; domain 0 never does.
    void erase(xs::DomainId domid);

    // Grows with each death: a transaction older than a death judges its permissions again.
    std::uint64_t deaths() const { return deaths_; }

    std::size_t size() const { return domains_.size(); }

    // What holds for domains without a value of their own, and for privileged clients.
    const Limits& limits() const { return limits_; }
    Limits& limits() { return limits_; }
    const Limits& limits_of(DomainRef domain) const;

    // Changes a quota for all domains that have no value of their own (C 4.17's `quota set`).
    void set_limit(const Quota& quota, std::size_t value);
    // Changes it for domains that enter from now on (SET_QUOTA without a domid).
    void set_limit_of_new_domains(const Quota& quota, std::size_t value);
    // The quotas that were changed so, whose values limits() has.
    const std::vector<const Quota*>& changed() const { return changed_; }
    // Changes it for one domain.
    static void set_limit(Domain& domain, const Quota& quota, std::size_t value);

    template <class Visit>
    void for_each(Visit visit) const {
        for (const auto& [id, domain] : domains_)
            visit(*domain);
    }

  private:
    void set_default(const Quota& quota, std::size_t value);

    Hypervisor* hypervisor_;
    Limits limits_;
    std::unordered_map<xs::DomainId, std::unique_ptr<Domain>> domains_;
    std::vector<const Quota*> changed_;
    std::uint64_t last_generation_ = 0;
    std::uint64_t deaths_ = 0;
};

}  // namespace stemma::xenstored
