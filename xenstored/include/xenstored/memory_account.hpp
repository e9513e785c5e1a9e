#pragma once

#include <cstddef>

#include "xenstored/connections.hpp"
#include "xenstored/domain_table.hpp"
#include "xenstored/live_tree.hpp"
#include "xenstored/log.hpp"

namespace stemma::xenstored {

// The bytes the daemon holds on behalf of one guest, which its quota `memory` bounds: the nodes it
// owns, its watches, what is queued for it, and its open transactions. Nothing is kept here: each
// figure is asked of the one who has it, so no path through the daemon can forget to count.
class MemoryAccount {
  public:
    MemoryAccount(const LiveTree& tree, Connections& connections, DomainTable& domains, Log& log)
        : tree_(&tree), connections_(&connections), domains_(&domains), log_(&log) {}

    std::size_t of(const Connection& connection) const;
    // Of a domain that has no connection, too.
    std::size_t of(const Domain& domain) const;

    // Whether `more` bytes would take an unprivileged client to its limit.
    bool has_room(const Connection& connection, std::size_t more) const;

    // Tells the log when a guest has come to a limit or is below it again, as C does.
    void review(const Connection& connection);

  private:
    const LiveTree* tree_;
    Connections* connections_;
    DomainTable* domains_;
    Log* log_;
};

}  // namespace stemma::xenstored
