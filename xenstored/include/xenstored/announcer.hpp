#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "store/tree.hpp"
#include "xenstored/accesses.hpp"
#include "xenstored/clock.hpp"
#include "xenstored/connections.hpp"
#include "xenstored/domain_table.hpp"
#include "xenstored/memory_account.hpp"
#include "xenstored/outstanding.hpp"
#include "xenstored/record_writer.hpp"
#include "xenstored/trace.hpp"

namespace stemma::xenstored {

struct Witnesses;

// Queues watch events. Whoever registered a watch gets the event if it may read the node or the
// node's parent, or might before the change (XSA-115); a privileged client gets all.
class Announcer {
  public:
    Announcer(Connections& connections, Clock& clock, DomainTable& domains, MemoryAccount& memory,
              Trace& trace, RecordWriter& records)
        : connections_(&connections),
          clock_(&clock),
          domains_(&domains),
          memory_(&memory),
          trace_(&trace),
          records_(&records) {}

    // The node at `path` changed between two trees. `match`: at_or_above for a node that was
    // written, made or removed by name, exact for one that went with an ancestor.
    void changed(const store::Tree& before, const store::Tree& after, std::string_view path,
                 WatchIndex::Match match);

    // One of a transaction's changes, at its commit.
    void committed(const store::Tree& before, const store::Tree& after,
                   const Accesses::Change& change);

    // The subtree at `path` was removed, outside a transaction: children before their parents, in
    // the order of their creation, and the top last, as C does it.
    void removed(const store::Tree& before, const store::Tree& after, std::string_view path);

    // "@introduceDomain" or "@releaseDomain", for those who may read that special node. The plain
    // one goes to watches without a depth; the one that names its domain, "@releaseDomain/5", to
    // those with a depth, and to watches on that very name of clients with the feature.
    void special(const store::Tree& tree, std::string_view name);
    void special(const store::Tree& tree, std::string_view name, xs::DomainId domain);

    // Queues one event for one connection, whatever its rights: the first event of a new watch.
    void send(Connection& connection, std::string_view path, std::string_view token) {
        send(connection, path, token, nullptr);
    }

    // What happens from now on is caused by this request of a guest (null: by nobody).
    void set_cause(Outstanding::Cause cause) { cause_ = std::move(cause); }
    const Outstanding::Cause& cause() const { return cause_; }

    // No event that may expire does so before this; it may be long sent by then.
    Moment next_deadline() const { return next_deadline_; }
    void set_next_deadline(Moment deadline) { next_deadline_ = deadline; }

    std::uint64_t sent() const { return sent_; }
    // Nodes and watches looked at so far, for Server's account of effort.
    std::uint64_t looked_at() const { return looked_at_; }
    // Events that would have exceeded a domain's memory quota, or were too long.
    std::uint64_t dropped() const { return dropped_; }

  private:
    // Finds the watches; false if there is none.
    bool collect(std::string_view path, WatchIndex::Match match);
    void tell(std::string_view path, const Witnesses& seen);
    void send(Connection& connection, std::string_view path, std::string_view token,
              Outstanding::Cause cause);

    Connections* connections_;
    Clock* clock_;
    DomainTable* domains_;
    MemoryAccount* memory_;
    Trace* trace_;
    RecordWriter* records_;
    Outstanding::Cause cause_;
    std::vector<const Watch*> matches_;
    Moment next_deadline_ = Moment::max();
    std::uint64_t sent_ = 0;
    std::uint64_t looked_at_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace stemma::xenstored
