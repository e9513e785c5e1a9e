// A whole State as records.
#include "xenstored/record_player.hpp"
#include "xenstored/record_writer.hpp"

namespace stemma::xenstored {

namespace {

void write_connection(RecordWriter& records, ConnectionId id, const State::Connection& client) {
    records.opened(id);
    if (client.ring) {
        records.bound(id, *client.ring);
        if (client.ring->indexes) records.indexes(id, *client.ring->indexes);
    }
    if (!client.input.empty()) records.input(id, std::as_bytes(std::span(client.input)));
    for (const State::Message& message : client.output)
        records.queued(id, message.event, {}, message.bytes);
    if (client.sent > 0) records.sent(id, client.sent);
    for (const State::Watch& watch : client.watches) {
        records.watch(id, watch.path, watch.token, watch.home_length, watch.depth);
    }
    // The last that began says which number is next.
    const std::uint32_t last = client.next_transaction - 1;
    bool last_is_open = false;
    for (const std::uint32_t transaction : client.transactions) {
        last_is_open = last_is_open || transaction == last;
        if (transaction != last) records.started(id, transaction);
    }
    if (last != 0) records.started(id, last);
    if (last != 0 && !last_is_open) records.ended(id, last);
    if (client.deferred) records.deferred(id, *client.deferred);
    if (client.ignored) records.ignored(id, true);
    if (client.closes) records.closes(id, true);
    if (client.target) records.target(id, *client.target);
}

}  // namespace

bool write_state(const State& state, const std::function<bool(std::string_view)>& take) {
    constexpr std::size_t portion = 64 * 1024;
    RecordWriter records;
    records.turn_on();
    bool going = true;
    const auto hand_out = [&](std::size_t least) {
        if (going && records.bytes().size() >= least && !records.empty()) {
            going = take(records.bytes());
            records.clear();
        }
        return going;
    };
    records.counters(state.last_edit, state.last_generation, state.last_connection);
    for (const auto& [name, value] : state.quotas)
        records.quota(name, value);
    for (const auto& [id, domain] : state.domains)
        records.domain(domain);
    for (const auto& [id, client] : state.connections) {
        write_connection(records, {id}, client);
        if (!hand_out(portion)) return false;
    }
    records.whole_tree(state.tree, [&] { hand_out(portion); });
    return hand_out(0);
}

}  // namespace stemma::xenstored
