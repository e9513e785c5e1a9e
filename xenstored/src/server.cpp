#include "xenstored/server.hpp"

#include <array>
#include <span>

#include "xenstored/control.hpp"
#include "xenstored/payload.hpp"

namespace stemma::xenstored {

namespace {

struct Operation {
    bool known = false;
    bool privileged = false;           // others get EACCES
    bool ignores_transaction = false;  // XSA-115: WATCH and UNWATCH
};

constexpr std::size_t operation_count = 27;

constexpr std::array<Operation, operation_count> operations = [] {
    std::array<Operation, operation_count> table{};
    const auto entry = [&](xs::MessageType type) -> Operation& {
        return table[static_cast<std::size_t>(type)];
    };
    using enum xs::MessageType;
    for (const auto type : {control,
                            directory,
                            read,
                            get_perms,
                            xs::MessageType::watch,
                            xs::MessageType::unwatch,
                            xs::MessageType::transaction_start,
                            xs::MessageType::transaction_end,
                            xs::MessageType::introduce,
                            xs::MessageType::release,
                            xs::MessageType::get_domain_path,
                            xs::MessageType::write,
                            mkdir,
                            rm,
                            set_perms,
                            xs::MessageType::is_domain_introduced,
                            xs::MessageType::resume,
                            xs::MessageType::set_target,
                            xs::MessageType::reset_watches,
                            directory_part,
                            xs::MessageType::get_feature,
                            xs::MessageType::set_feature,
                            xs::MessageType::get_quota,
                            xs::MessageType::set_quota}) {
        entry(type).known = true;
    }
    for (const auto type : {control, introduce, release, is_domain_introduced, resume, set_target,
                            set_feature, get_quota, set_quota})
        entry(type).privileged = true;
    entry(xs::MessageType::watch).ignores_transaction = true;
    entry(xs::MessageType::unwatch).ignores_transaction = true;
    return table;
}();

}  // namespace

Server::Server(const Settings& settings, Hypervisor& hypervisor, History& history, Clock& clock)
    : settings_(settings),
      hypervisor_(&hypervisor),
      history_(&history),
      clock_(&clock),
      tree_(clock.wall()),
      domains_(hypervisor, settings.limits),
      connections_(trace_, records_),
      memory_(tree_, connections_, domains_, log_),
      announcer_(connections_, clock, domains_, memory_, trace_, records_) {}

Server::~Server() = default;

ConnectionId Server::connect(std::unique_ptr<Transport> transport) {
    Caller caller;
    caller.privileged = true;
    return connections_.open(std::move(transport), caller).id;
}

void Server::disconnect(ConnectionId id) {
    if (Connection* const connection = connections_.find(id)) connections_.close(*connection);
}

void Server::flush() {
    tell_shutdowns();
    const std::vector<ConnectionId>& dirty = connections_.take_dirty();
    send_to_rings(dirty);
    for (const ConnectionId id : dirty) {
        Connection* const connection = connections_.find(id);
        if (connection == nullptr) continue;
        connection->is_dirty = false;
        if (connection->ignored) continue;
        if (!connection->transport->is_ring() && !send(*connection)) continue;
        connection->transport->finish_turn();
        memory_.review(*connection);
        const bool may = may_take(*connection);
        if (may && connection->paused) {
            connection->paused = false;
            connections_.mark_runnable(*connection);
        } else if (!may && !connection->deferred) {
            connection->paused = true;
        }
        connection->transport->interest(may, !connection->out.empty());
    }
    connections_.bury();
    if (journal_ != nullptr && journal_->wants_checkpoint()) {
        commit();
        journal_->checkpoint(capture());
    }
}

// Sends what the client takes now; false if that was the client's end.
bool Server::send(Connection& connection) {
    std::array<std::span<const std::byte>, 64> parts;
    while (!connection.out.empty()) {
        const std::size_t count = connection.out.front(parts);
        const auto sent = connection.transport->write(std::span(parts).first(count));
        if (!sent) {
            end(connection, sent.error());
            return false;
        }
        if (*sent == 0) break;
        connection.out.consume(*sent);
        if (!connection.transport->remembers()) records_.sent(connection.id, *sent);
    }
    if (connection.out.bytes() > socket_backlog_max) {
        ++stats_.disconnected;
        connections_.close(connection);
        return false;
    }
    return true;
}

void Server::end(Connection& connection, Transport::End reason) {
    if (reason == Transport::End::bad_ring) return quarantine(connection, xs::RingError::indexes);
    connections_.close(connection);
}

// XSA-325: a domain that broke the protocol is served no more, but its end will still be told. A
// socket that did is closed. Domain 0's kernel is a domain like others here.
void Server::quarantine(Connection& connection, xs::RingError error) {
    ++stats_.quarantined;
    if (!connection.transport->is_ring()) return connections_.close(connection);
    log_.say(Severity::error,
             "Domain " + std::to_string(connection.caller.domain.id) +
                 (error == xs::RingError::indexes ? " has indexes in its ring that cannot be"
                                                  : " sent what is no request") +
                 "; its Xenstore connection is ignored");
    trace_.note(Trace::Class::io, "CONN " + std::to_string(connection.id.value) +
                                      " ignored, reason " +
                                      std::to_string(static_cast<unsigned>(error)));
    connections_.reset(connection);
    connection.ignored = true;
    records_.ignored(connection.id, true);
    connection.transport->report(error);
}

void Server::handle(Connection& connection, const xs::Header& header, std::string_view payload) {
    ++stats_.requests;
    effort_ += effort::request;
    // Lives as long as the reply and the events that come of this request.
    Outstanding::Cause cause;
    if (connection.outstanding) {
        cause = std::make_shared<Outstanding::Request>(connection.outstanding);
    }
    announcer_.set_cause(std::move(cause));
    answer(connection, header, payload);
    announcer_.set_cause(nullptr);
}

void Server::answer(Connection& connection, const xs::Header& header, std::string_view payload) {
    trace_.in(connection.id, header.type, payload);
    const auto index = static_cast<std::size_t>(header.type);
    if (index >= operation_count || !operations[index].known) {
        return reply(connection, header, std::unexpected(xs::Error::enosys));
    }
    const Operation& operation = operations[index];
    if (operation.privileged && !connection.caller.privileged) {
        return reply(connection, header, std::unexpected(xs::Error::eacces));
    }
    Transaction* transaction = nullptr;
    if (header.transaction_id != 0 && !operation.ignores_transaction) {
        const auto found = connection.transactions.find(header.transaction_id);
        if (found == connection.transactions.end()) {
            return reply(connection, header, std::unexpected(xs::Error::enoent));
        }
        transaction = found->second.get();
    }
    auto result = dispatch(connection, header, transaction, payload);
    if (result) return reply(connection, header, std::move(*result));
}

std::optional<Answer> Server::dispatch(Connection& connection, const xs::Header& header,
                                       Transaction* transaction, std::string_view payload) {
    switch (header.type) {
        case xs::MessageType::control: {
            if (control_ == nullptr) return Answer(std::unexpected(xs::Error::einval));
            // Requests after this one wait until it is answered, so that replies stay in order.
            connection.deferred = header;
            auto answer = control_->command(connection.id, header, payload);
            if (answer) {
                connection.deferred.reset();
            } else {
                records_.deferred(connection.id, header);
            }
            return answer;
        }
        case xs::MessageType::watch:
            return watch(connection, header, payload);
        case xs::MessageType::unwatch:
            return unwatch(connection, payload);
        case xs::MessageType::reset_watches:
            return reset_watches(connection);
        case xs::MessageType::transaction_start:
            return transaction_start(connection, transaction);
        case xs::MessageType::transaction_end:
            return transaction_end(connection, header.transaction_id, transaction, payload);
        case xs::MessageType::introduce:
            return introduce(payload);
        case xs::MessageType::release:
            return release(payload);
        case xs::MessageType::resume:
            return resume(payload);
        case xs::MessageType::set_target:
            return set_target(payload);
        case xs::MessageType::is_domain_introduced:
            return is_domain_introduced(payload);
        case xs::MessageType::get_domain_path:
            return get_domain_path(payload);
        case xs::MessageType::get_feature:
            return get_feature(connection, payload);
        case xs::MessageType::set_feature:
            return set_feature(payload);
        case xs::MessageType::get_quota:
            return get_quota(payload);
        case xs::MessageType::set_quota:
            return set_quota(payload);
        default:
            return tree_request(connection, header.type, transaction, payload);
    }
}

void Server::reply(Connection& connection, const xs::Header& request, Answer answer) {
    if (connection.ignored) return;
    if (answer && answer->size() > xs::payload_max) answer = std::unexpected(xs::Error::e2big);
    // An acknowledgement or an error always goes out (C: up to 16 bytes).
    if (answer && answer->size() > 16 &&
        !memory_.has_room(connection, xs::Header::size + answer->size())) {
        answer = std::unexpected(xs::Error::enomem);
    }
    xs::Header header = request;
    if (!answer) {
        ++stats_.errors;
        header.type = xs::MessageType::error;
        std::string text(name(answer.error()));
        text += '\0';
        answer = std::move(text);
    }
    effort_ += answer->size() / effort::reply_bytes;
    trace_.out(connection.id, header.type, *answer);
    connection.out.push_reply(header, std::move(*answer), announcer_.cause());
    if (records_.is_on()) {
        const auto [head, payload] = connection.out.newest();
        records_.queued(connection.id, false, head, payload);
    }
    connections_.mark_dirty(connection);
}

void Server::hold_transactions(bool held) {
    transactions_held_ = held;
    limits_changed();  // wakes whoever was made to wait
}

void Server::limits_changed() {
    if (records_.is_on()) {
        for (const Quota* const quota : domains_.changed())
            records_.quota(quota->later_name, domains_.limits().*quota->value);
        domains_.for_each([&](const Domain& domain) { records_.domain(state_of(domain)); });
    }
    connections_.for_each([&](Connection& connection) {
        if (connection.paused) connections_.mark_dirty(connection);
    });
}

void Server::answer_deferred(ConnectionId id, const xs::Header& request, Answer answer) {
    Connection* const connection = connections_.find(id);
    if (connection == nullptr || !connection->deferred) return;
    connection->deferred.reset();
    records_.answered(id);
    reply(*connection, request, std::move(answer));
    connections_.mark_runnable(*connection);
}

}  // namespace stemma::xenstored
