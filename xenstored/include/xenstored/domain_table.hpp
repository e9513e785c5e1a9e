#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "xenstored/connection_id.hpp"
#include "xenstored/domain_ref.hpp"
#include "xenstored/hypervisor.hpp"

namespace stemma::xenstored {

// A domain that somebody named: by a permission entry, or by INTRODUCE.
struct Domain {
    DomainRef ref;
    bool introduced = false;
    bool shutdown_told = false;  // @releaseDomain was fired for its shutdown; RESUME re-arms it
    ConnectionId connection;     // if introduced
};

// The domains the daemon knows, one at most for each domid. A domain enters when it is first named
// while the hypervisor knows it, and leaves at its death or RELEASE; its generation is then dead.
class DomainTable {
  public:
    explicit DomainTable(Hypervisor& hypervisor);

    // The domain of this id, entered now if the hypervisor has one; nullptr if there is none.
    // Pointers are good until the domain leaves.
    Domain* find_or_enter(long domid);
    // Only what has been entered.
    Domain* find(long domid);
    Domain* find_introduced(long domid);

    bool is_live(DomainRef domain) const;

    // The domain leaves; domain 0 never does.
    void erase(xs::DomainId domid);

    // Grows with each death: a transaction older than a death judges its permissions again.
    std::uint64_t deaths() const { return deaths_; }

    std::size_t size() const { return domains_.size(); }

  private:
    Hypervisor* hypervisor_;
    std::unordered_map<xs::DomainId, std::unique_ptr<Domain>> domains_;
    std::uint64_t last_generation_ = 0;
    std::uint64_t deaths_ = 0;
};

}  // namespace stemma::xenstored
