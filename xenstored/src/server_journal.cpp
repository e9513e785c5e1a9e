// What is done, written down before anybody can see it.
#include "xenstored/server.hpp"

namespace stemma::xenstored {

void Server::set_journal(Journal* journal) {
    journal_ = journal;
    records_.turn_off();
    recorded_tree_ = {};
    if (journal == nullptr) return;
    records_.turn_on();
    recorded_tree_ = tree_.head();
    recorded_edit_ = tree_.last_edit();
    recorded_generation_ = domains_.last_generation();
    connections_.for_each([](Connection& connection) {
        if (connection.transport) connection.recorded = connection.transport->indexes();
    });
}

void Server::commit() {
    if (!records_.is_on()) return;
    if (!recorded_tree_.same(tree_.head())) {
        records_.tree(recorded_tree_, tree_.head());
        recorded_tree_ = tree_.head();
    }
    if (domains_.last_generation() != recorded_generation_) {
        // Somebody named them for the first time.
        domains_.for_each([&](const Domain& domain) {
            if (domain.ref.generation > recorded_generation_) records_.domain(state_of(domain));
        });
    }
    if (tree_.last_edit() != recorded_edit_ || domains_.last_generation() != recorded_generation_) {
        recorded_edit_ = tree_.last_edit();
        recorded_generation_ = domains_.last_generation();
        records_.counters(recorded_edit_, recorded_generation_, connections_.last_id());
    }
    if (records_.empty()) return;
    journal_->commit(records_.bytes());
    records_.clear();
}

void Server::record_indexes(Connection& connection) {
    if (!records_.is_on()) return;
    const auto now = connection.transport->indexes();
    if (!now || now == connection.recorded) return;
    records_.indexes(connection.id, *now);
    connection.recorded = now;
}

void Server::send_to_rings(const std::vector<ConnectionId>& dirty) {
    const auto for_each_ring = [&](auto visit) {
        for (const ConnectionId id : dirty) {
            Connection* const connection = connections_.find(id);
            if (connection != nullptr && !connection->ignored && connection->transport->is_ring()) {
                visit(*connection);
            }
        }
    };
    for_each_ring([&](Connection& connection) {
        if (send(connection)) record_indexes(connection);
    });
    commit();
    bool any_anew = false;
    for_each_ring([&](Connection& connection) {
        const bool anew = connection.transport->indexes()->anew;
        connection.transport->publish();
        if (!anew) return;
        // That it was done is to be known before the domain uses it.
        record_indexes(connection);
        connections_.mark_runnable(connection);
        any_anew = true;
    });
    if (any_anew) commit();
}

}  // namespace stemma::xenstored
