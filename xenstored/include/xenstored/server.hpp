#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xenstored/announcer.hpp"
#include "xenstored/answer.hpp"
#include "xenstored/clock.hpp"
#include "xenstored/connections.hpp"
#include "xenstored/domain_table.hpp"
#include "xenstored/effort.hpp"
#include "xenstored/history.hpp"
#include "xenstored/hypervisor.hpp"
#include "xenstored/journal.hpp"
#include "xenstored/limits.hpp"
#include "xenstored/live_tree.hpp"
#include "xenstored/memory_account.hpp"
#include "xenstored/record_writer.hpp"
#include "xenstored/ring_transport.hpp"
#include "xenstored/state.hpp"
#include "xenstored/trace.hpp"
#include "xenstored/traced_log.hpp"
#include "xs_wire/error.hpp"
#include "xs_wire/message.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::xenstored {

class Control;

// The XenStore daemon without its descriptors: connections give it bytes and take bytes, the
// hypervisor tells it of domains. It owns the live tree. One thread, which never waits.
//
// The loop around it: serve() for each client that is ready, run_turns(), flush().
class Server final : public HypervisorEvents {
  public:
    struct Settings {
        Limits limits;                       // of domains that have no value of their own
        bool keep_orphans = false;           // -K: nodes of a dead domain become domain 0's
        xs::DomainId privileged_domain = 0;  // -p: besides domain 0
    };
    struct Stats {
        std::uint64_t requests = 0;
        std::uint64_t errors = 0;
        std::uint64_t commits = 0;    // transactions that changed something
        std::uint64_t conflicts = 0;  // transactions that ended in EAGAIN
        std::uint64_t quarantined = 0;
        std::uint64_t events_expired = 0;
        std::uint64_t disconnected = 0;  // socket clients that let too much pile up
    };
    // What one client has in a turn, before the others have theirs (server_turns.cpp).
    static constexpr int requests_per_turn = 32;
    static constexpr std::uint64_t effort_per_turn = 8 * requests_per_turn;
    // Rings looked at, whenever turns are run, for requests that nobody rang for.
    static constexpr std::size_t rings_per_look = 16;

    Server(const Settings& settings, Hypervisor& hypervisor, History& history, Clock& clock);
    ~Server();

    // A new socket client: privileged, and domain 0 as to its relative paths.
    ConnectionId connect(std::unique_ptr<Transport> transport);
    // The same, for a transport that must know the connection it belongs to.
    template <class MakeTransport>
    ConnectionId connect_with(MakeTransport make) {
        const ConnectionId id = connect(nullptr);
        connections_.find(id)->transport = make(id);
        return id;
    }
    void disconnect(ConnectionId id);

    // The client may have sent something, or can take something: it has one of the next turns.
    void serve(ConnectionId id);
    // The client closed both directions.
    void hung_up(ConnectionId id);
    // One turn for each client that is due for one, or that forgot to ring: it is served when
    // anybody wakes the daemon, as by C; where there are many rings, at one of the next times.
    void run_turns();
    bool has_turns_due() const { return connections_.any_runnable(); }
    // Sends what was queued since the last call. Call before waiting.
    void flush();

    // All that must outlive this daemon's process; may be called between two turns at any time, and
    // costs nothing for the tree. Outstanding CONTROL requests are named, but not what they ask.
    State capture() const;
    // Goes on where another daemon was, on a server that has served nobody yet and before the
    // hypervisor is started again. Domains that are gone, or whose domid is another domain's, are
    // buried with their events; requests whose reply was deferred answer EAGAIN. `make_socket`
    // gives the transport of a socket from its descriptor; a client for whom it has none is closed.
    using MakeSocket = std::function<std::unique_ptr<Transport>(ConnectionId, int descriptor)>;
    void restore(const State& state, const MakeSocket& make_socket);

    // When expire() has something to do; Moment::max() for never.
    Moment next_deadline() const;
    void expire();

    void domain_found(xs::DomainId domain, std::uint32_t port) override;
    void domain_shut_down(xs::DomainId domain) override;
    void domain_gone(xs::DomainId domain) override;
    void domain_notified(xs::DomainId domain) override;
    void settle() override { commit(); }

    // From now on what is done is written there before anybody can see it. The journal's records
    // are changes to what capture() gives now. Null: no more.
    void set_journal(Journal* journal);
    // A new socket client under a number that was given, and not used, by an earlier daemon;
    // greater than all that were used.
    void connect_again(ConnectionId id, std::unique_ptr<Transport> transport) {
        connections_.skip_to(id.value - 1);
        connect(std::move(transport));
    }

    // CONTROL requests go there; without one they are EINVAL.
    void set_control(Control* control) { control_ = control; }
    // Where requests and replies are traced, once it has a file.
    Trace& trace() { return trace_; }
    // What guests do that an operator should know; before this only the trace has it.
    void set_log(Log& log) { log_.set_log(log); }
    // The answer to a CONTROL request that was deferred; nothing happens if the client has gone.
    void answer_deferred(ConnectionId id, const xs::Header& request, Answer answer);

    // Puts a branch of the present head in its place, as if domain 0 had made each of the changes
    // at `paths`: events are fired, history is kept.
    void publish_as_domain0(const Branch& branch, const std::vector<std::string>& paths,
                            const store::Stamp& stamp);

    LiveTree& tree() { return tree_; }
    WhatIfBranches& branches() { return branches_; }
    // The tree that a client's requests are about: the live one, or the branch it has checked out.
    LiveTree& tree_of(ConnectionId id);
    // From now on; an empty name is the live tree. ENOENT; EBUSY while it has transactions open.
    std::expected<void, xs::Error> check_out(ConnectionId id, std::string_view name);
    // Whether a branch of the live tree would take a domain beyond its quota of nodes or memory.
    std::optional<xs::Error> beyond_quota(const Branch& branch);
    DomainTable& domains() { return domains_; }
    Connections& connections() { return connections_; }
    const MemoryAccount& memory() const { return memory_; }
    // While true, who has no transaction open starts none: the request waits, and all behind it.
    void hold_transactions(bool held);
    // Quotas were changed: whoever waits at one may go on.
    void limits_changed();
    const Stats& stats() const { return stats_; }
    const Announcer& announcer() const { return announcer_; }
    Clock& clock() { return *clock_; }

  private:
    // server_turns.cpp
    void take_turn(Connection& connection);
    void take_requests(Connection& connection, std::uint64_t share);
    void look_at_rings();
    bool may_take(const Connection& connection) const;
    void hold(const Connection& client, const Transaction::Conflict& conflict);
    void release_held_by(ConnectionId client);
    void release_held(Moment until);

    void end(Connection& connection, Transport::End reason);
    void quarantine(Connection& connection, xs::RingError error);
    bool send(Connection& connection);
    // server_journal.cpp
    void commit();
    void record_indexes(Connection& connection);
    // Moves what rings hold ready for their domains where these see it; before and after that all
    // is committed.
    void send_to_rings(const std::vector<ConnectionId>& dirty);
    State::Domain state_of(const Domain& domain) const;

    void handle(Connection& connection, const xs::Header& header, std::string_view payload);
    void answer(Connection& connection, const xs::Header& header, std::string_view payload);
    void reply(Connection& connection, const xs::Header& request, Answer answer);
    std::optional<Answer> dispatch(Connection& connection, const xs::Header& header,
                                   Transaction* transaction, std::string_view payload);

    // server_requests.cpp
    LiveTree& tree_of(const Connection& connection) {
        return connection.branch ? connection.branch->tree : tree_;
    }
    Bench bench(const Connection& connection);
    // Makes a branch of the head the head.
    void publish(const Branch& branch);
    void doom_old_transactions();
    bool fits_memory(const NodeTally& tally);
    Answer tree_request(Connection& connection, xs::MessageType type, Transaction* transaction,
                        std::string_view payload);
    // Nothing: it has replied already, since an event follows the reply.
    std::optional<Answer> watch(Connection& connection, const xs::Header& header,
                                std::string_view payload);
    Answer unwatch(Connection& connection, std::string_view payload);
    Answer reset_watches(Connection& connection);
    Transaction::Bounds transaction_bounds(const Connection& connection) const;
    Answer transaction_start(Connection& connection, const Transaction* transaction);
    Answer transaction_end(Connection& connection, std::uint32_t id, Transaction* transaction,
                           std::string_view payload);

    // server_domains.cpp
    Answer introduce(std::string_view payload);
    // Who asks in a domain's name.
    Caller caller_of(const Domain& domain) const;
    void open_ring(Domain& domain, std::unique_ptr<DomainChannel> channel,
                   RingTransport::Begin begin);
    Answer release(std::string_view payload);
    Answer resume(std::string_view payload);
    Answer set_target(std::string_view payload);
    Answer is_domain_introduced(std::string_view payload);
    static Answer get_domain_path(std::string_view payload);
    std::expected<Domain*, xs::Error> named_domain(std::string_view payload);
    void bury_domain(xs::DomainId id);
    void remove_nodes_of(const Domain& domain);
    // Tells, once for all of them, of the shutdowns that the hypervisor reported in one go.
    void tell_shutdowns();

    // server_state.cpp
    // False if the domain that was meant is no more.
    bool restore_domain(const State::Domain& known);
    void restore_connection(ConnectionId id, const State::Connection& known,
                            const MakeSocket& make_socket);
    // What a client has with the daemon, once it is there.
    void restore_client(Connection& connection, const State::Connection& known);

    // server_quotas.cpp
    std::expected<Domain*, xs::Error> existing_domain(std::string_view text);
    Answer get_feature(const Connection& connection, std::string_view payload);
    Answer set_feature(std::string_view payload);
    Answer get_quota(std::string_view payload);
    Answer set_quota(std::string_view payload);

    Settings settings_;
    Hypervisor* hypervisor_;
    History* history_;
    Clock* clock_;
    Control* control_ = nullptr;
    Trace trace_;
    RecordWriter records_;
    Journal* journal_ = nullptr;
    // What the journal has of the tree and of the counters.
    store::Tree recorded_tree_;
    std::uint64_t recorded_edit_ = 0;
    std::uint64_t recorded_generation_ = 0;
    TracedLog log_{trace_};
    LiveTree tree_;
    WhatIfBranches branches_;
    DomainTable domains_;
    Connections connections_;
    std::vector<ConnectionId> rings_;  // of open ones, and of some that were closed since
    std::size_t next_ring_ = 0;        // to look at
    MemoryAccount memory_;
    Announcer announcer_;
    bool shutdown_untold_ = false;
    bool transactions_held_ = false;
    std::uint64_t look_for_old_at_ = replaced_bytes_kept;
    std::uint64_t effort_ = 0;        // spent on requests so far; see effort.hpp
    std::vector<ConnectionId> held_;  // guests whose requests wait: see hold()
    Stats stats_;
};

}  // namespace stemma::xenstored
