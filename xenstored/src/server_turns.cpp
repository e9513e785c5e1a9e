// Who is served when.
//
// Turns go round: whoever has something to be served gets one turn, then the others have theirs. A
// turn is at most `requests_per_turn` requests, and `effort_per_turn` of effort; what one request
// took beyond that is a debt, and the client sits out as many turns as pay it. So between the
// arrival of a request and its turn every other client has had one turn at most, whatever it sends,
// and over many turns none has had more than its share and one request.
//
// C bounds, besides, how often a guest may write while others have transactions open (XSA-206),
// for there each write makes them fail. Here only a write to what a transaction has read does, so
// only the guest whose write it was waits, and only for domain 0: until that client's transaction
// has come through, a second at most. A toolstack's transaction thus meets each guest once.
#include <algorithm>

#include "xenstored/payload.hpp"
#include "xenstored/server.hpp"

namespace stemma::xenstored {

namespace {

constexpr std::chrono::seconds held_at_most{1};

}  // namespace

void Server::serve(ConnectionId id) {
    if (Connection* const connection = connections_.find(id)) {
        connections_.mark_runnable(*connection);
    }
}

void Server::hung_up(ConnectionId id) {
    Connection* connection = connections_.find(id);
    if (connection == nullptr) return;
    take_turn(*connection);
    // One that is not read at the moment would never be found closed.
    connection = connections_.find(id);
    if (connection != nullptr && !may_take(*connection)) connections_.close(*connection);
}

void Server::look_at_rings() {
    for (std::size_t left = std::min(rings_per_look, rings_.size()); left > 0; --left) {
        if (next_ring_ >= rings_.size()) next_ring_ = 0;
        Connection* const connection = connections_.find(rings_[next_ring_]);
        if (connection == nullptr) {
            rings_[next_ring_] = rings_.back();
            rings_.pop_back();
            continue;
        }
        ++next_ring_;
        if (connection->ignored) continue;
        if (!connection->out.empty() || connection->transport->has_input()) {
            connections_.mark_runnable(*connection);
        }
    }
}

void Server::run_turns() {
    look_at_rings();
    for (const ConnectionId id : connections_.take_runnable()) {
        Connection* const connection = connections_.find(id);
        if (connection == nullptr) continue;
        connection->is_runnable = false;
        take_turn(*connection);
    }
}

void Server::take_turn(Connection& connection) {
    tell_shutdowns();
    if (connection.ignored) return;
    if (connection.debt >= effort_per_turn) {
        connection.debt -= effort_per_turn;
        connections_.mark_runnable(connection);
        return;
    }
    if (connection.transport->wants_restart()) {
        connections_.reset(connection);
        connection.transport->restart();
        connections_.mark_dirty(connection);
    }
    // Whoever is not read now is looked at again by flush(), when what holds it up may be gone.
    if (!connection.deferred && !may_take(connection)) connection.paused = true;
    // A ring's domain notifies when it has taken replies, too.
    if (!connection.out.empty() || connection.paused) connections_.mark_dirty(connection);
    if (may_take(connection) && !connection.in.ready()) {
        const auto room = connection.in.room();
        const auto count = connection.transport->read(room);
        if (!count) return end(connection, count.error());
        connection.in.filled(*count);
        if (*count > 0) {
            connections_.mark_dirty(connection);
            if (!connection.transport->remembers()) {
                records_.input(connection.id, room.first(*count));
            }
        }
    }
    take_requests(connection, effort_per_turn - std::exchange(connection.debt, 0));
}

void Server::take_requests(Connection& connection, std::uint64_t share) {
    std::uint64_t spent = 0;
    for (int taken = 0; taken < requests_per_turn && spent < share && may_take(connection);
         ++taken) {
        const auto request = connection.in.next();
        if (!request) return quarantine(connection, xs::RingError::protocol);
        if (!*request) break;
        const std::uint64_t before = effort_ + announcer_.looked_at() * effort::watch;
        const xs::Header header = (*request)->header;
        const std::uint64_t resets = connection.resets;
        handle(connection, header, characters((*request)->payload));
        // Only now: what a settle() in the middle of it commits is still to be done again.
        if (connection.resets == resets) {
            records_.consumed(connection.id, xs::Header::size + header.length);
        }
        spent += effort_ + announcer_.looked_at() * effort::watch - before;
    }
    if (spent > share) connection.debt = spent - share;
    if (!connection.in.ready()) return;
    if (may_take(connection)) {
        connections_.mark_runnable(connection);
    } else {
        connection.paused = true;
        connections_.mark_dirty(connection);
    }
}

bool Server::may_take(const Connection& connection) const {
    if (connection.deferred || connection.ignored) return false;
    if (transactions_held_ && connection.transactions.empty() &&
        connection.in.next_is(xs::MessageType::transaction_start)) {
        return false;
    }
    if (connection.caller.privileged) return connection.out.bytes() < socket_reply_backlog;
    if (connection.held_by != ConnectionId{}) return false;
    const Limits& limits = domains_.limits_of(connection.caller.domain);
    return !reaches(connection.outstanding->count(), limits.outstanding) &&
           memory_.has_room(connection, 0);
}

// A privileged client's transaction failed: the guests that made it fail wait.
void Server::hold(const Connection& client, const Transaction::Conflict& conflict) {
    if (!client.caller.privileged) return;
    for (const xs::DomainId id : conflict.culprits) {
        Domain* const domain = domains_.find_introduced(id);
        Connection* const guest =
            domain != nullptr ? connections_.find(domain->connection) : nullptr;
        if (guest == nullptr || guest->caller.privileged || guest->ignored) continue;
        if (guest->held_by == ConnectionId{}) held_.push_back(guest->id);
        guest->held_by = client.id;
        guest->held_until = clock_->now() + held_at_most;
        trace_.note(Trace::Class::wrl,
                    "wrl: domain " + std::to_string(id) + " waits for a transaction");
        if (!std::exchange(domain->held_told, true)) {
            log_.say(Severity::warning,
                     "Domain " + std::to_string(id) +
                         " changes what domain 0's transactions read; its requests wait for them");
        }
    }
}

void Server::release_held_by(ConnectionId client) {
    std::erase_if(held_, [&](ConnectionId id) {
        Connection* const guest = connections_.find(id);
        if (guest == nullptr) return true;
        if (guest->held_by != client) return false;
        guest->held_by = {};
        connections_.mark_dirty(*guest);  // flush() finds that it may go on
        return true;
    });
}

// Whoever has waited long enough, or for a client that is gone, goes on.
void Server::release_held(Moment until) {
    std::erase_if(held_, [&](ConnectionId id) {
        Connection* const guest = connections_.find(id);
        if (guest == nullptr) return true;
        if (guest->held_until > until && connections_.find(guest->held_by) != nullptr) return false;
        guest->held_by = {};
        connections_.mark_dirty(*guest);
        return true;
    });
}

Moment Server::next_deadline() const {
    Moment earliest = announcer_.next_deadline();
    for (const ConnectionId id : held_) {
        if (const Connection* const guest = connections_.find(id)) {
            earliest = std::min(earliest, guest->held_until);
        }
    }
    return earliest;
}

void Server::expire() {
    const Moment now = clock_->now();
    if (!held_.empty()) release_held(now);
    if (now < announcer_.next_deadline()) return;
    Moment earliest = Moment::max();
    connections_.for_each([&](Connection& connection) {
        if (connection.caller.privileged || connection.out.empty()) return;
        const std::size_t expired = connection.out.prune(
            now, [&](std::size_t place) { records_.withdrawn(connection.id, place); });
        stats_.events_expired += expired;
        if (expired > 0) {
            trace_.note(Trace::Class::io, std::to_string(expired) + " watch events for domain " +
                                              std::to_string(connection.caller.domain.id) +
                                              " timed out");
        }
        earliest = std::min(earliest, connection.out.next_deadline());
        connections_.mark_dirty(connection);
    });
    announcer_.set_next_deadline(earliest);
}

}  // namespace stemma::xenstored
