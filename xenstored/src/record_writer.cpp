#include "xenstored/record_writer.hpp"

#include "store/diff.hpp"

namespace stemma::xenstored {

namespace {

std::string_view characters_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void RecordWriter::counters(std::uint64_t edit, std::uint64_t generation,
                            std::uint64_t connection) {
    if (!begin(RecordKind::counters)) return;
    number(edit);
    number(generation);
    number(connection);
}

void RecordWriter::tree(const store::Tree& before, const store::Tree& after) {
    if (!on_) return;
    store::diff_exactly(before, after, [&](const store::Change& change) {
        if (change.after != nullptr) return node(change.path, change.before, *change.after);
        begin(RecordKind::node_removed);
        text(change.path);
    });
}

void RecordWriter::whole_tree(const store::Tree& tree, const std::function<void()>& each) {
    if (!on_) return;
    store::diff_exactly(store::Tree(), tree, [&](const store::Change& change) {
        if (change.after == nullptr) return;
        node(change.path, nullptr, *change.after);
        each();
    });
}

void RecordWriter::node(std::string_view path, const store::Node* before,
                        const store::Node& after) {
    begin(RecordKind::node);
    text(path);
    number(after.number());
    number(after.generation());
    const store::Stamp& stamp = after.stamp();
    number(static_cast<std::uint64_t>(stamp.time.time_since_epoch().count()));
    number(stamp.domain);
    number(static_cast<std::uint64_t>(stamp.operation));
    const bool value = before != nullptr ? !(before->parts().value == after.parts().value)
                                         : !after.value().empty();
    const bool permissions = before != nullptr ? !(before->permissions() == after.permissions())
                                               : !after.permissions().empty();
    number((value ? node_has_value : 0) | (permissions ? node_has_permissions : 0));
    if (permissions) {
        const auto entries = after.permissions().entries();
        number(entries.size());
        for (const store::Permission& entry : entries) {
            number(static_cast<std::uint64_t>(entry.access));
            number(entry.domain);
            number(entry.generation);
        }
    }
    if (value) text(after.value());
}

void RecordWriter::quota(std::string_view name, std::uint64_t value) {
    if (!begin(RecordKind::quota)) return;
    text(name);
    number(value);
}

void RecordWriter::domain(const State::Domain& domain) {
    if (!begin(RecordKind::domain)) return;
    number(domain.ref.id);
    number(domain.ref.generation);
    text({reinterpret_cast<const char*>(domain.handle.data()), domain.handle.size()});
    number(domain.introduced ? 1 : 0);
    number(domain.shutdown_told ? 1 : 0);
    number(domain.features);
    number(domain.connection.value);
    number(domain.quotas.size());
    for (const auto& [name, value] : domain.quotas) {
        text(name);
        number(value);
    }
}

void RecordWriter::domain_gone(xs::DomainId domain) {
    if (begin(RecordKind::domain_gone)) number(domain);
}

void RecordWriter::bound(ConnectionId client, const State::Ring& ring) {
    if (!begin(RecordKind::bound)) return;
    number(client.value);
    number(ring.domain);
    number(ring.port);
    number(ring.frame);
}

void RecordWriter::input(ConnectionId client, std::span<const std::byte> bytes) {
    if (!begin(RecordKind::input)) return;
    number(client.value);
    text(characters_of(bytes));
}

void RecordWriter::queued(ConnectionId client, bool event, std::span<const std::byte> header,
                          std::string_view payload) {
    if (!begin(RecordKind::queued)) return;
    number(client.value);
    number(event ? 1 : 0);
    number(header.size() + payload.size());
    bytes_.append(characters_of(header)).append(payload);
}

void RecordWriter::watch(ConnectionId client, std::string_view path, std::string_view token,
                         std::size_t home_length, int depth) {
    if (!begin(RecordKind::watch)) return;
    number(client.value);
    text(path);
    text(token);
    number(home_length);
    number(static_cast<std::uint64_t>(std::int64_t{depth} + 1));
}

void RecordWriter::watch_removed(ConnectionId client, std::string_view path,
                                 std::string_view token) {
    if (!begin(RecordKind::watch_removed)) return;
    number(client.value);
    text(path);
    text(token);
}

void RecordWriter::deferred(ConnectionId client, const xs::Header& request) {
    if (!begin(RecordKind::deferred)) return;
    number(client.value);
    number(static_cast<std::uint64_t>(request.type));
    number(request.request_id);
    number(request.transaction_id);
}

void RecordWriter::target(ConnectionId client, DomainRef target) {
    if (!begin(RecordKind::target)) return;
    number(client.value);
    number(target.id);
    number(target.generation);
}

void RecordWriter::indexes(ConnectionId client, const RingIndexes& indexes) {
    if (!begin(RecordKind::indexes)) return;
    number(client.value);
    number(indexes.request_consumer);
    number(indexes.reply_producer);
    number(indexes.anew ? 1 : 0);
}

}  // namespace stemma::xenstored
