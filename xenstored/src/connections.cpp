#include "xenstored/connections.hpp"

namespace stemma::xenstored {

Connections::~Connections() {
    // what is still queued must not look for those who caused it
    for (auto& [id, connection] : connections_) {
        if (connection->outstanding) connection->outstanding->forget();
    }
}

Connection& Connections::open(std::unique_ptr<Transport> transport, const Caller& caller) {
    Connection& opened = add({++last_id_}, caller);
    opened.transport = std::move(transport);
    records_->opened(opened.id);
    return opened;
}

Connection& Connections::open_again(ConnectionId id, const Caller& caller) {
    skip_to(id.value);
    return add(id, caller);
}

Connection& Connections::add(ConnectionId id, const Caller& caller) {
    auto connection = std::make_unique<Connection>();
    connection->id = id;
    connection->caller = caller;
    if (!caller.privileged) {
        // Another's queue may be what it waits for.
        connection->outstanding = std::make_shared<Outstanding>([this, id = connection->id] {
            Connection* const waiting = find(id);
            if (waiting != nullptr && waiting->paused) mark_dirty(*waiting);
        });
    }
    Connection& opened = *connection;
    connections_.emplace(opened.id, std::move(connection));
    trace_->created("connection", opened.id.value);
    return opened;
}

Connection* Connections::find(ConnectionId id) const {
    const auto found = connections_.find(id);
    return found == connections_.end() ? nullptr : found->second.get();
}

void Connections::close(Connection& connection) {
    const auto found = connections_.find(connection.id);
    if (found == connections_.end()) return;
    records_->closed(connection.id);
    drop(connection);
    trace_->destroyed("connection", connection.id.value);
    connection.ignored = true;
    connection.transport.reset();
    if (connection.outstanding) connection.outstanding->forget();
    dead_.push_back(std::move(found->second));
    connections_.erase(found);
}

void Connections::drop_watches_and_transactions(Connection& connection) {
    records_->dropped(connection.id);
    drop_index(connection);
}

void Connections::drop_index(Connection& connection) {
    if (trace_->shows(Trace::Class::obj)) {
        for (std::size_t i = watches_.count(connection.id); i > 0; --i)
            trace_->destroyed("watch", connection.id.value);
        for (std::size_t i = connection.transactions.size(); i > 0; --i)
            trace_->destroyed("transaction", connection.id.value);
    }
    watches_.remove_all(connection.id);
    connection.transactions.clear();
}

void Connections::reset(Connection& connection) {
    records_->reset(connection.id);
    drop(connection);
}

void Connections::drop(Connection& connection) {
    drop_index(connection);
    ++connection.resets;
    connection.out.clear();
    connection.in.clear();
    connection.deferred.reset();
    connection.paused = false;
}

void Connections::mark_dirty(Connection& connection) {
    if (connection.is_dirty) return;
    connection.is_dirty = true;
    dirty_.push_back(connection.id);
}

void Connections::mark_runnable(Connection& connection) {
    if (connection.is_runnable) return;
    connection.is_runnable = true;
    runnable_.push_back(connection.id);
}

}  // namespace stemma::xenstored
