#include "xenstored/announcer.hpp"

#include <string>
#include <utility>

#include "xenstored/place.hpp"
#include "xenstored/rights.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

// The three nodes by whose permissions a change is made known.
struct Witnesses {
    const store::Node* old = nullptr;     // the node before
    const store::Node* node = nullptr;    // the node after
    const store::Node* parent = nullptr;  // its parent; of a removed node, its parent before

    bool exist() const { return old != nullptr || node != nullptr; }
    bool permit(const Caller& caller) const;
};

namespace {

bool may_read(const Caller& caller, const store::Node* node) {
    return node != nullptr && rights_of(caller, node->permissions()).covers(Right::read);
}

Witnesses witnesses(const store::Tree& before, const store::Tree& after, std::string_view path) {
    const Place now = locate(after.root(), path);
    const Place then = locate(before.root(), path);
    return {then.node, now.node, now.node != nullptr ? now.parent : then.parent};
}

// C writes what a transaction changed node by node, in the order of their first touch, and tells of
// each at once: the parent of one that comes before it is as it was. Of a removed node only its own
// permissions count.
Witnesses witnesses(const store::Tree& before, const store::Tree& after,
                    const Accesses::Change& change) {
    Witnesses found = witnesses(before, after, change.path);
    if (found.node == nullptr) {
        found.parent = nullptr;
    } else if (change.before_parent) {
        found.parent = before.find(xs::parent(change.path));
    }
    return found;
}

}  // namespace

bool Witnesses::permit(const Caller& caller) const {
    return caller.privileged || may_read(caller, old) || may_read(caller, node) ||
           may_read(caller, parent);
}

void Announcer::changed(const store::Tree& before, const store::Tree& after, std::string_view path,
                        WatchIndex::Match match) {
    if (collect(path, match)) tell(path, witnesses(before, after, path));
}

void Announcer::committed(const store::Tree& before, const store::Tree& after,
                          const Accesses::Change& change) {
    const auto match = change.exact ? WatchIndex::Match::exact : WatchIndex::Match::at_or_above;
    if (collect(change.path, match)) tell(change.path, witnesses(before, after, change));
}

bool Announcer::collect(std::string_view path, WatchIndex::Match match) {
    matches_.clear();
    connections_->watches().collect(path, match, matches_);
    // Who only watches what another writes must not make that other's requests dear.
    looked_at_ += 1 + matches_.size() / 16;
    return !matches_.empty();
}

void Announcer::tell(std::string_view path, const Witnesses& seen) {
    if (!seen.exist()) return;         // made and removed by one transaction
    const Connection* last = nullptr;  // a client with many watches is judged once in a row
    bool permitted = false;
    for (const Watch* watch : matches_) {
        Connection* const connection = connections_->find(watch->connection);
        if (connection == nullptr) continue;
        if (std::exchange(last, connection) != connection) {
            permitted = seen.permit(connection->caller);
        }
        if (permitted) {
            ++looked_at_;
            send(*connection, watch->event_path(path), watch->token, cause_);
        }
    }
}

void Announcer::removed(const store::Tree& before, const store::Tree& after,
                        std::string_view path) {
    if (connections_->watches().size() == 0) return;
    struct Level {
        std::vector<const store::Node*> children;
        std::size_t next = 0;
        std::size_t path_length;
    };
    const store::Node* const top = before.find(path);
    if (top == nullptr) return;
    std::string at(path);
    std::vector<Level> levels;
    levels.push_back({top->children_in_order(), 0, at.size()});
    while (!levels.empty()) {
        Level& level = levels.back();
        at.resize(level.path_length);
        if (level.next < level.children.size()) {
            const store::Node& child = *level.children[level.next++];
            at = xs::join(at, child.name());
            levels.push_back({child.children_in_order(), 0, at.size()});
            continue;
        }
        levels.pop_back();
        changed(before, after, at,
                levels.empty() ? WatchIndex::Match::at_or_above : WatchIndex::Match::exact);
    }
}

void Announcer::special(const store::Tree& tree, std::string_view name) {
    const store::Node* const node = tree.find(xs::join(special_directory, name));
    matches_.clear();
    connections_->watches().collect(name, WatchIndex::Match::exact, matches_);
    for (const Watch* watch : matches_) {
        Connection* const connection = connections_->find(watch->connection);
        if (connection != nullptr && watch->depth < 0 && may_read(connection->caller, node)) {
            send(*connection, name, watch->token, cause_);
        }
    }
}

void Announcer::special(const store::Tree& tree, std::string_view name, xs::DomainId domain) {
    if (connections_->watches().size() == 0) return;
    const store::Node* const node = tree.find(xs::join(special_directory, name));
    const std::string named = xs::join(name, std::to_string(domain));
    matches_.clear();
    connections_->watches().collect(name, WatchIndex::Match::exact, matches_);
    std::erase_if(matches_, [](const Watch* watch) { return watch->depth < 1; });
    connections_->watches().collect(named, WatchIndex::Match::exact, matches_);
    for (const Watch* watch : matches_) {
        Connection* const connection = connections_->find(watch->connection);
        if (connection != nullptr && connection->caller.has(xs::ServerFeature::watch_depth) &&
            may_read(connection->caller, node)) {
            send(*connection, named, watch->token, cause_);
        }
    }
}

void Announcer::send(Connection& connection, std::string_view path, std::string_view token,
                     Outstanding::Cause cause) {
    if (connection.ignored) return;
    const bool guest = !connection.caller.privileged;
    if (guest &&
        !memory_->has_room(connection, xs::Header::size + path.size() + token.size() + 2)) {
        ++dropped_;
        return;
    }
    const auto timeout = domains_->limits().event_timeout;
    const bool expires = guest && timeout.count() > 0;
    const Moment deadline = expires ? clock_->now() + timeout : Moment::max();
    switch (connection.out.push_event(path, token, deadline, std::move(cause))) {
        case OutQueue::Pushed::queued:
            ++sent_;
            if (records_->is_on()) {
                const auto [header, payload] = connection.out.newest();
                records_->queued(connection.id, true, header, payload);
            }
            if (trace_->shows(Trace::Class::io)) {
                trace_->out(connection.id, xs::MessageType::watch_event,
                            std::string(path) + ' ' + std::string(token) + ' ');
            }
            if (deadline < next_deadline_) next_deadline_ = deadline;
            connections_->mark_dirty(connection);
            break;
        case OutQueue::Pushed::duplicate:
            if (trace_->shows(Trace::Class::io)) {
                trace_->note(Trace::Class::io, "dropping duplicate watch " + std::string(path) +
                                                   ' ' + std::string(token) + " for domain " +
                                                   std::to_string(connection.caller.domain.id));
            }
            break;
        case OutQueue::Pushed::too_long:
            ++dropped_;
            break;
    }
}

}  // namespace stemma::xenstored
