// The ways out of a running daemon and back into one.
#include <map>
#include <utility>

#include "xenstored/payload.hpp"
#include "xenstored/quota.hpp"
#include "xenstored/server.hpp"

namespace stemma::xenstored {

namespace {

std::string bytes_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::pair<std::string, std::uint64_t>> values(const std::vector<const Quota*>& quotas,
                                                          const Limits& limits) {
    std::vector<std::pair<std::string, std::uint64_t>> named;
    for (const Quota* quota : quotas)
        named.emplace_back(quota->later_name, limits.*quota->value);
    return named;
}

State::Connection connection_state(const Connection& connection, const WatchIndex& watches) {
    State::Connection state;
    if (connection.transport) state.descriptor = connection.transport->descriptor();
    state.input = bytes_of(connection.in.unread());
    connection.out.for_each(
        [&](std::span<const std::byte> header, const std::string& payload, bool event) {
            state.output.push_back({bytes_of(header) + payload, event});
        });
    state.sent = static_cast<std::uint32_t>(connection.out.sent());
    watches.for_each(connection.id, [&](const Watch& watch) {
        state.watches.push_back(
            {watch.path, watch.token, static_cast<std::uint32_t>(watch.home_length), watch.depth});
    });
    for (const auto& [id, transaction] : connection.transactions)
        state.transactions.push_back(id);
    state.next_transaction = connection.next_transaction_id;
    state.deferred = connection.deferred;
    state.ignored = connection.ignored;
    state.closes = connection.branch != nullptr;
    state.target = connection.caller.target;
    return state;
}

}  // namespace

State Server::capture() const {
    State state;
    state.tree = tree_.head();
    state.last_edit = tree_.last_edit();
    state.last_generation = domains_.last_generation();
    state.last_connection = connections_.last_id();
    state.quotas = values(domains_.changed(), domains_.limits());
    std::map<const WhatIf*, const std::string*> names;
    branches_.for_each([&](const std::string& name, const WhatIf& branch) {
        state.branches.push_back(
            {name, branch.since, branch.base, branch.tree.head(), branch.tree.last_edit()});
        names.emplace(&branch, &name);
    });
    connections_.for_each([&](const Connection& connection) {
        state.connections.emplace(connection.id.value,
                                  connection_state(connection, connections_.watches()));
        const auto name = names.find(connection.branch.get());
        if (name != names.end()) state.connections[connection.id.value].branch = *name->second;
    });
    domains_.for_each([&](const Domain& domain) {
        state.domains.emplace(domain.ref.id, state_of(domain));
        const auto client = state.connections.find(domain.connection.value);
        if (client != state.connections.end()) {
            client->second.ring =
                State::Ring{domain.ref.id, domain.port, domain.frame, std::nullopt};
            const Connection& connection = *connections_.find(domain.connection);
            if (connection.transport && !connection.ignored) {
                client->second.ring->indexes = connection.transport->indexes();
            }
        }
    });
    return state;
}

State::Domain Server::state_of(const Domain& domain) const {
    State::Domain known;
    known.ref = domain.ref;
    known.handle = hypervisor_->handle(domain.ref.id);
    known.introduced = domain.introduced;
    known.shutdown_told = domain.shutdown_told;
    known.features = domain.features;
    known.quotas = values(domain.own_quotas, domain.limits);
    known.connection = domain.connection;
    return known;
}

void Server::restore(const State& state, const MakeSocket& make_socket) {
    tree_.restore(state.tree, state.last_edit);
    connections_.skip_to(state.last_connection);
    domains_.skip_to(state.last_generation);
    for (const auto& [name, value] : state.quotas) {
        if (const Quota* const quota = find_quota(name)) domains_.set_limit(*quota, value);
    }
    for (const State::Branch& known : state.branches) {
        WhatIf branch{known.since, known.base, tree_};
        branch.tree.restore(known.tree, known.last_edit);
        branches_.put(known.name, std::move(branch));
    }
    std::vector<xs::DomainId> gone;
    for (const auto& [id, known] : state.domains) {
        if (restore_domain(known)) continue;
        gone.push_back(id);
        // Its ring must not be looked for: another domain may have the domid.
        domains_.find(id)->connection = {};
    }
    for (const auto& [id, known] : state.connections)
        restore_connection({id}, known, make_socket);
    // Now those who wait for it are there to be told.
    for (const xs::DomainId id : gone)
        bury_domain(id);
}

bool Server::restore_domain(const State::Domain& known) {
    Domain& domain = domains_.enter_again(known.ref);
    domain.introduced = known.introduced;
    domain.shutdown_told = known.shutdown_told;
    domain.features = known.features;
    domain.connection = known.connection;
    for (const auto& [name, value] : known.quotas) {
        if (const Quota* const quota = find_quota(name)) {
            DomainTable::set_limit(domain, *quota, value);
        }
    }
    if (known.ref.id == 0) return true;
    if (!hypervisor_->exists(known.ref.id)) return false;
    return known.handle == DomainHandle{} || known.handle == hypervisor_->handle(known.ref.id);
}

void Server::restore_connection(ConnectionId id, const State::Connection& known,
                                const MakeSocket& make_socket) {
    if (!known.ring) {
        Caller caller;
        caller.privileged = true;
        Connection& client = connections_.open_again(id, caller);
        client.transport = make_socket(id, known.descriptor);
        client.branch = branches_.find(known.branch);
        const bool lost = known.closes && !client.branch;
        if (!client.transport || lost) return connections_.close(client);
        return restore_client(client, known);
    }
    Domain* const domain = domains_.find(known.ring->domain);
    if (domain == nullptr || domain->connection != id) return;
    domain->port = known.ring->port;
    domain->frame = known.ring->frame;
    Connection& client = connections_.open_again(id, caller_of(*domain));
    client.caller.target = known.target;
    rings_.push_back(id);
    restore_client(client, known);
    // One that is served no more must not cost a wake-up each time it rings, either. Its end is
    // told by the hypervisor all the same.
    client.ignored = true;
    if (known.ignored) return;
    auto channel = hypervisor_->connect(domain->ref.id, domain->frame, domain->port);
    if (!channel) {
        log_.say(Severity::error, "Domain " + std::to_string(domain->ref.id) +
                                      " has no ring that can be bound again; its Xenstore "
                                      "connection is ignored");
        return connections_.reset(client);
    }
    client.transport = std::make_unique<RingTransport>(
        std::move(*channel), domain->features, RingTransport::Begin::again, known.ring->indexes);
    client.ignored = false;
}

void Server::restore_client(Connection& connection, const State::Connection& known) {
    const auto timeout = domains_.limits().event_timeout;
    const bool guest = !connection.caller.privileged;
    connection.in.put_back(std::as_bytes(std::span(known.input)));
    std::size_t sent = known.sent;
    for (const State::Message& message : known.output) {
        const bool expires = guest && message.event && timeout.count() > 0;
        const Moment deadline = expires ? clock_->now() + timeout : Moment::max();
        if (deadline < announcer_.next_deadline()) announcer_.set_next_deadline(deadline);
        Outstanding::Cause cause;
        if (guest && !message.event) {
            cause = std::make_shared<Outstanding::Request>(connection.outstanding);
        }
        connection.out.put_back(message.bytes, message.event, std::exchange(sent, 0), deadline,
                                std::move(cause));
    }
    for (const State::Watch& watch : known.watches)
        connections_.watches().add(connection.id, watch.path, watch.token, watch.home_length,
                                   watch.depth);
    for (const std::uint32_t id : known.transactions) {
        const auto [place, added] = connection.transactions.emplace(
            id, std::make_unique<Transaction>(transaction_bounds(connection), domains_.deaths(),
                                              tree_.replaced_bytes()));
        place->second->doom();
    }
    connection.next_transaction_id = known.next_transaction;
    connection.transactions_since = clock_->now();
    connections_.mark_runnable(connection);
    connections_.mark_dirty(connection);
    if (known.deferred) reply(connection, *known.deferred, std::unexpected(xs::Error::eagain));
}

}  // namespace stemma::xenstored
