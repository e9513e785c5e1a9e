// Requests on the tree, watches and transactions.
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include "xenstored/node_path.hpp"
#include "xenstored/payload.hpp"
#include "xenstored/server.hpp"

namespace stemma::xenstored {

namespace {

using xs::Error;

// Bytes of requests and replies a privileged transaction may keep; it is exempt from quotas, but
// not from memory's end.
constexpr std::size_t privileged_transaction_bytes = 256 * 1024 * 1024;

store::Operation operation_of(xs::MessageType type) {
    switch (type) {
        case xs::MessageType::write:
            return store::Operation::write;
        case xs::MessageType::mkdir:
            return store::Operation::mkdir;
        case xs::MessageType::rm:
            return store::Operation::remove;
        case xs::MessageType::set_perms:
            return store::Operation::set_permissions;
        default:
            return store::Operation::none;
    }
}

bool changes_tree(xs::MessageType type) {
    return operation_of(type) != store::Operation::none;
}

}  // namespace

Bench Server::bench(const Connection& connection) {
    return {connection.caller, domains_.limits_of(connection.caller.domain), domains_,
            tree_of(connection).counts().of(connection.caller.domain).nodes};
}

LiveTree& Server::tree_of(ConnectionId id) {
    const Connection* const connection = connections_.find(id);
    return connection != nullptr ? tree_of(*connection) : tree_;
}

std::expected<void, Error> Server::check_out(ConnectionId id, std::string_view name) {
    Connection* const connection = connections_.find(id);
    if (connection == nullptr) return std::unexpected(Error::enoent);
    if (!connection->transactions.empty()) return std::unexpected(Error::ebusy);
    auto branch = name.empty() ? nullptr : branches_.find(name);
    if (!name.empty() && !branch) return std::unexpected(Error::enoent);
    connection->branch = std::move(branch);
    records_.closes(id, connection->branch != nullptr);
    return {};
}

std::optional<Error> Server::beyond_quota(const Branch& branch) {
    for (const auto& [owner, change] : branch.tally().changes()) {
        if (owner.id == 0 || change.nodes <= 0) continue;
        const auto nodes = static_cast<std::size_t>(
            std::max<std::int64_t>(tree_.counts().of(owner).nodes + change.nodes, 0));
        if (exceeds(nodes, domains_.limits_of(owner).nodes)) return Error::enospc;
    }
    if (!fits_memory(branch.tally())) return Error::enomem;
    return std::nullopt;
}

void Server::publish(const Branch& branch) {
    tree_.publish(branch);
    if (tree_.replaced_bytes() >= look_for_old_at_) doom_old_transactions();
    // A guest that waits at its memory quota may go on once nodes of its are gone.
    for (const auto& [owner, change] : branch.tally().changes()) {
        if (trace_.shows(Trace::Class::acc)) {
            trace_.note(Trace::Class::acc, "acc: domain " + std::to_string(owner.id) + " nodes " +
                                               std::to_string(change.nodes) + " bytes " +
                                               std::to_string(change.bytes));
        }
        if (change.bytes >= 0 || owner.id == 0) continue;
        const Domain* const domain = domains_.find(owner.id);
        Connection* const connection =
            domain != nullptr ? connections_.find(domain->connection) : nullptr;
        if (connection != nullptr && connection->paused) connections_.mark_dirty(*connection);
    }
}

// What a guest's open transactions keep alive is charged to nobody, since it depends on what others
// change. So all that guests keep lies within the last replaced_bytes_kept.
void Server::doom_old_transactions() {
    look_for_old_at_ = tree_.replaced_bytes() + replaced_bytes_kept / 16;
    connections_.for_each([&](Connection& connection) {
        if (connection.caller.privileged) return;
        for (auto& [id, transaction] : connection.transactions) {
            if (transaction->began_at() + replaced_bytes_kept < tree_.replaced_bytes()) {
                transaction->doom();
            }
        }
    });
}

// C refuses what would take the owner of a node beyond its memory, domain 0's requests as well.
bool Server::fits_memory(const NodeTally& tally) {
    for (const auto& [owner, change] : tally.changes()) {
        const Domain* const domain = domains_.find(owner.id);
        if (change.bytes <= 0 || domain == nullptr || domain->ref != owner) continue;
        const Connection* const client = connections_.find(domain->connection);
        if (client != nullptr &&
            !memory_.has_room(*client, static_cast<std::size_t>(change.bytes))) {
            return false;
        }
    }
    return true;
}

Answer Server::tree_request(Connection& connection, xs::MessageType type, Transaction* transaction,
                            std::string_view payload) {
    store::Stamp stamp{{}, connection.caller.domain.id, operation_of(type)};
    if (changes_tree(type)) stamp.time = clock_->wall();
    // A domain made a moment ago may be named in the permissions.
    if (type == xs::MessageType::set_perms) hypervisor_->poll_events();
    if (connection.ignored) return std::unexpected(Error::eio);
    effort_ += path_levels(payload) / effort::path_levels;

    LiveTree& tree = tree_of(connection);
    if (transaction != nullptr) {
        const std::size_t touched = transaction->touched_nodes();
        const std::size_t touched_bytes = transaction->touched_bytes();
        Ruling ruling = transaction->request(bench(connection), tree.head(), tree.numbers(), stamp,
                                             type, payload);
        if (!memory_.has_room(connection, 0)) transaction->give_up();
        effort_ += (transaction->touched_nodes() - touched) * effort::node +
                   (transaction->touched_bytes() - touched_bytes) / effort::path_bytes;
        return std::move(ruling.reply);
    }
    Branch branch = tree.branch(stamp);
    Ruling ruling = judge(bench(connection), branch, type, payload);
    if (!ruling.reply || branch.tree().same(tree.head())) return std::move(ruling.reply);
    if (connection.branch) {
        tree.publish(branch);
        return std::move(ruling.reply);
    }

    if (!fits_memory(branch.tally())) {
        return std::unexpected(ruling.creates ? Error::eio : Error::enomem);
    }

    for (const auto& [owner, change] : branch.tally().changes())
        effort_ += static_cast<std::uint64_t>(std::abs(change.nodes)) * effort::node;

    const store::Tree before = tree_.head();
    publish(branch);
    const std::string_view path = ruling.path;
    history_->record({before, tree_.head(), connection.id, connection.caller.domain, stamp, true,
                      std::span(&path, 1)});
    if (ruling.removed) {
        announcer_.removed(before, tree_.head(), path);
    } else if (ruling.changed) {
        announcer_.changed(before, tree_.head(), path, WatchIndex::Match::at_or_above);
    }
    return std::move(ruling.reply);
}

std::optional<Answer> Server::watch(Connection& connection, const xs::Header& header,
                                    std::string_view payload) {
    const auto refuse = [](Error error) { return Answer(std::unexpected(error)); };
    const auto parts = strings(payload);
    int depth = -1;
    if (parts.size() == 3 && connection.caller.has(xs::ServerFeature::watch_depth)) {
        depth = leading_number(parts[2]);
        if (depth < 0) return refuse(Error::einval);
    } else if (parts.size() != 2) {
        return refuse(Error::einval);
    }
    const std::string_view given = parts[0];
    const std::string_view token = parts[1];
    const xs::DomainId home = connection.caller.domain.id;
    std::string scratch;
    const std::string_view path = canonical(given, home, scratch);
    const bool special = is_special(path);
    const Limits& limits = domains_.limits_of(connection.caller.domain);
    if (special ? path.size() > xs::relative_path_max
                : !is_valid_node_path(path, limits.path_max)) {
        return refuse(Error::einval);
    }
    const bool relative = !special && !given.starts_with('/');
    const std::size_t home_length = relative ? xs::domain_path(home).size() : 0;
    WatchIndex& watches = connections_.watches();
    // C looks for a duplicate before it looks at the quota.
    const Watch* const added = watches.add(connection.id, path, token, home_length, depth);
    if (added == nullptr) return refuse(Error::eexist);
    // One more than the quota is accepted, as C 4.17 compares before it counts the new one.
    if (!connection.caller.privileged) {
        std::optional<Error> error;
        if (exceeds(watches.count(connection.id) - 1, limits.watches)) {
            error = Error::e2big;
        } else if (!memory_.has_room(connection, 0)) {
            error = Error::enomem;
        }
        if (error) {
            watches.remove(connection.id, path, token);
            return refuse(*error);
        }
    }
    trace_.created("watch", connection.id.value);
    records_.watch(connection.id, path, token, home_length, depth);
    // The acknowledgement comes first, then one event, whether or not there is a node.
    reply(connection, header, acknowledged());
    announcer_.send(connection, added->event_path(path), token);
    return std::nullopt;
}

Answer Server::unwatch(Connection& connection, std::string_view payload) {
    const auto parts = strings(payload);
    if (parts.size() != 2) return std::unexpected(Error::einval);
    std::string scratch;
    const auto path = canonical(parts[0], connection.caller.domain.id, scratch);
    if (!connections_.watches().remove(connection.id, path, parts[1])) {
        return std::unexpected(Error::enoent);
    }
    trace_.destroyed("watch", connection.id.value);
    records_.watch_removed(connection.id, path, parts[1]);
    return acknowledged();
}

Answer Server::reset_watches(Connection& connection) {
    connections_.drop_watches_and_transactions(connection);
    return acknowledged();
}

Answer Server::transaction_start(Connection& connection, const Transaction* transaction) {
    if (transaction != nullptr) return std::unexpected(Error::ebusy);
    const bool privileged = connection.caller.privileged;
    const Limits& limits = domains_.limits_of(connection.caller.domain);
    // '>', as C has it: one more than the quota
    if (!privileged && exceeds(connection.transactions.size(), limits.transactions)) {
        return std::unexpected(Error::enospc);
    }
    std::uint32_t& next = connection.next_transaction_id;
    while (next == 0 || connection.transactions.contains(next))
        ++next;
    const std::uint32_t id = next++;
    if (connection.transactions.empty()) connection.transactions_since = clock_->now();
    connection.transactions.emplace(
        id, std::make_unique<Transaction>(transaction_bounds(connection), domains_.deaths(),
                                          tree_.replaced_bytes()));
    trace_.created("transaction", connection.id.value);
    records_.started(connection.id, id);
    return text_answer(std::to_string(id));
}

Transaction::Bounds Server::transaction_bounds(const Connection& connection) const {
    Transaction::Bounds bounds;
    bounds.bytes = privileged_transaction_bytes;
    if (connection.caller.privileged) return bounds;
    const Limits& limits = domains_.limits_of(connection.caller.domain);
    if (limits.transaction_nodes != 0) {
        bounds.nodes = limits.transaction_nodes;
        bounds.weight = bounds.nodes * requests_per_transaction_node;
    }
    if (limits.memory != 0) bounds.bytes = limits.memory;
    return bounds;
}

Answer Server::transaction_end(Connection& connection, std::uint32_t id, Transaction* transaction,
                               std::string_view payload) {
    const auto verdict = one_string(payload);
    if (!verdict || (*verdict != "T" && *verdict != "F")) return std::unexpected(Error::einval);
    if (transaction == nullptr) return std::unexpected(Error::enoent);
    const auto finished = std::move(connection.transactions.extract(id).mapped());
    trace_.destroyed("transaction", connection.id.value);
    records_.ended(connection.id, id);
    if (*verdict == "F") {
        release_held_by(connection.id);
        return acknowledged();
    }

    effort_ += finished->kept_weight() * effort::request_again;
    LiveTree& tree = tree_of(connection);
    const auto merged =
        finished->finish(bench(connection), tree.head(), tree.counts(), tree.numbers());
    if (!merged) {
        if (merged.error().error == Error::eagain) {
            ++stats_.conflicts;
            hold(connection, merged.error());
        }
        return std::unexpected(merged.error().error);
    }
    release_held_by(connection.id);
    if (!*merged) return acknowledged();
    if (connection.branch) {
        tree.publish(**merged);
        return acknowledged();
    }
    const std::int64_t growth = (*merged)->tally().of(connection.caller.domain).bytes;
    if (growth > 0 && !memory_.has_room(connection, static_cast<std::size_t>(growth))) {
        return std::unexpected(Error::enomem);
    }

    ++stats_.commits;
    const store::Tree before = tree_.head();
    publish(**merged);
    const auto changes = finished->changes();
    std::vector<std::string_view> paths;
    paths.reserve(changes.size());
    for (const auto& change : changes)
        paths.push_back(change.path);
    if (paths.empty()) paths.push_back("/.special");
    const store::Stamp stamp{clock_->wall(), connection.caller.domain.id,
                             store::Operation::transaction};
    history_->record(
        {before, tree_.head(), connection.id, connection.caller.domain, stamp, false, paths});
    for (const auto& change : changes)
        announcer_.committed(before, tree_.head(), change);
    return acknowledged();
}

void Server::publish_as_domain0(const Branch& branch, const std::vector<std::string>& paths,
                                const store::Stamp& stamp) {
    const store::Tree before = tree_.head();
    publish(branch);
    const std::vector<std::string_view> views(paths.begin(), paths.end());
    history_->record({before, tree_.head(), {}, {}, stamp, false, views});
    for (const std::string& path : paths) {
        if (tree_.head().find(path) == nullptr) {
            announcer_.removed(before, tree_.head(), path);
        } else {
            announcer_.changed(before, tree_.head(), path, WatchIndex::Match::at_or_above);
        }
    }
}

}  // namespace stemma::xenstored
