#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "xenstored/connection.hpp"
#include "xenstored/record_writer.hpp"
#include "xenstored/trace.hpp"
#include "xenstored/watch_index.hpp"

namespace stemma::xenstored {

// All clients with their watches, and who among them has something to do. A closed connection is
// gone for everybody at once, but freed only by bury(), so that the function that closed it, or is
// called from it, may finish.
class Connections {
  public:
    Connections(Trace& trace, RecordWriter& records) : trace_(&trace), records_(&records) {}
    ~Connections();
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    Connection& open(std::unique_ptr<Transport> transport, const Caller& caller);
    // One that an earlier daemon opened, under its number. Numbers given from now on are greater.
    Connection& open_again(ConnectionId id, const Caller& caller);
    void skip_to(std::uint64_t used) { last_id_ = std::max(last_id_, used); }
    std::uint64_t last_id() const { return last_id_; }
    Connection* find(ConnectionId id) const;
    // Its watches, transactions and queues go with it.
    void close(Connection& connection);
    void bury() { dead_.clear(); }

    // Drops a client's watches and transactions: the one way in which they go together.
    void drop_watches_and_transactions(Connection& connection);
    // Drops what a client has with the daemon, but not the client: watches, transactions, what is
    // half read and what is unsent. Used by INTRODUCE again, by a ring's restart, by quarantine.
    void reset(Connection& connection);

    WatchIndex& watches() { return watches_; }
    const WatchIndex& watches() const { return watches_; }

    void mark_dirty(Connection& connection);
    void mark_runnable(Connection& connection);
    const std::vector<ConnectionId>& dirty() const { return dirty_; }
    // Those marked since the last call; good until the next.
    const std::vector<ConnectionId>& take_dirty() { return take(dirty_, taken_dirty_); }
    const std::vector<ConnectionId>& take_runnable() { return take(runnable_, taken_runnable_); }
    bool any_runnable() const { return !runnable_.empty(); }

    std::size_t size() const { return connections_.size(); }
    template <class Visit>
    void for_each(Visit visit) const {
        for (auto& [id, connection] : connections_)
            visit(*connection);
    }

  private:
    Connection& add(ConnectionId id, const Caller& caller);
    // Swaps instead of moving away, so that neither list is allocated anew in each turn.
    static const std::vector<ConnectionId>& take(std::vector<ConnectionId>& from,
                                                 std::vector<ConnectionId>& to) {
        to.clear();
        std::swap(from, to);
        return to;
    }

    // The same, without a record of it.
    void drop_index(Connection& connection);
    void drop(Connection& connection);

    Trace* trace_;
    RecordWriter* records_;
    std::unordered_map<ConnectionId, std::unique_ptr<Connection>> connections_;
    std::vector<std::unique_ptr<Connection>> dead_;
    std::vector<ConnectionId> dirty_;
    std::vector<ConnectionId> runnable_;
    std::vector<ConnectionId> taken_dirty_;
    std::vector<ConnectionId> taken_runnable_;
    WatchIndex watches_;
    std::uint64_t last_id_ = 0;
};

}  // namespace stemma::xenstored
