#include "xenstored/record_player.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "xenstored/record_kind.hpp"

namespace stemma::xenstored {

namespace {

// Bounds of what a record may name, so that a damaged log cannot ask for all memory.
constexpr std::uint64_t permissions_max = 65536;
constexpr std::uint64_t quotas_max = 64;

class Fields {
  public:
    explicit Fields(std::string_view rest) : rest_(rest) {}

    bool at_end() const { return rest_.empty(); }
    bool whole() const { return whole_; }

    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
        whole_ = false;
        rest_ = {};
        return 0;
    }
    // A number of at most `most`.
    std::uint64_t number(std::uint64_t most) {
        const std::uint64_t value = number();
        if (value <= most) return value;
        whole_ = false;
        return 0;
    }
    template <class Integer>
    Integer as() {
        return static_cast<Integer>(number(std::numeric_limits<Integer>::max()));
    }
    std::string_view text() {
        const std::uint64_t length = number();
        if (length > rest_.size()) {
            whole_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view text = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return text;
    }

  private:
    std::string_view rest_;
    bool whole_ = true;
};

bool play_node(State& state, Fields& fields) {
    const std::string_view path = fields.text();
    store::Edit edit;
    edit.number = fields.number();
    edit.generation = fields.number();
    edit.stamp.time = store::Time(std::chrono::microseconds(fields.as<std::int64_t>()));
    edit.stamp.domain = fields.as<std::uint16_t>();
    edit.stamp.operation = static_cast<store::Operation>(
        fields.number(static_cast<std::uint64_t>(store::Operation::merge)));
    const std::uint64_t flags = fields.number(node_has_value | node_has_permissions);
    if (!fields.whole() || !path.starts_with('/')) return false;
    store::Content content;
    if (const store::Node* const known = state.tree.find(path)) {
        content = {known->parts().value, known->permissions()};
    }
    if ((flags & node_has_permissions) != 0) {
        std::vector<store::Permission> entries(fields.number(permissions_max));
        for (store::Permission& entry : entries) {
            entry.access = static_cast<store::Access>(fields.number(3));
            entry.domain = fields.as<std::uint16_t>();
            entry.generation = fields.number();
            if (!fields.whole()) return false;
        }
        content.permissions = store::Permissions(entries);
    }
    if ((flags & node_has_value) != 0) content.value = store::Bytes(fields.text());
    if (!fields.whole()) return false;
    auto changed = std::move(state.tree).place(path, std::move(content), edit);
    if (changed) state.tree = std::move(*changed);
    return changed.has_value();
}

bool play_domain(State& state, Fields& fields) {
    State::Domain domain;
    domain.ref.id = fields.as<xs::DomainId>();
    domain.ref.generation = fields.number();
    const std::string_view handle = fields.text();
    domain.introduced = fields.number(1) == 1;
    domain.shutdown_told = fields.number(1) == 1;
    domain.features = fields.as<std::uint32_t>();
    domain.connection.value = fields.number();
    const std::uint64_t quotas = fields.number(quotas_max);
    for (std::uint64_t i = 0; i < quotas; ++i) {
        std::string name(fields.text());
        domain.quotas.emplace_back(std::move(name), fields.number());
    }
    if (!fields.whole() || handle.size() != domain.handle.size()) return false;
    std::ranges::copy(handle, domain.handle.begin());
    state.last_generation = std::max(state.last_generation, domain.ref.generation);
    const auto id = domain.ref.id;
    state.domains.insert_or_assign(id, std::move(domain));
    return true;
}

bool play_quota(State& state, Fields& fields) {
    const std::string_view name = fields.text();
    const std::uint64_t value = fields.number();
    if (!fields.whole()) return false;
    const auto known =
        std::ranges::find(state.quotas, name, &std::pair<std::string, std::uint64_t>::first);
    if (known != state.quotas.end()) {
        known->second = value;
    } else {
        if (state.quotas.size() == quotas_max) return false;
        state.quotas.emplace_back(name, value);
    }
    return true;
}

bool play_client(State::Connection& client, RecordKind kind, Fields& fields) {
    switch (kind) {
        case RecordKind::bound: {
            State::Ring ring;
            ring.domain = fields.as<xs::DomainId>();
            ring.port = fields.as<std::uint32_t>();
            ring.frame = fields.number();
            client.ring = ring;
            return fields.whole();
        }
        case RecordKind::reset:
            client.input.clear();
            client.output.clear();
            client.sent = 0;
            client.deferred.reset();
            [[fallthrough]];
        case RecordKind::dropped:
            client.watches.clear();
            client.transactions.clear();
            return true;
        case RecordKind::input:
            client.input.append(fields.text());
            return fields.whole();
        case RecordKind::consumed: {
            const std::uint64_t count = fields.number();
            if (!fields.whole() || count > client.input.size()) return false;
            client.input.erase(0, count);
            return true;
        }
        case RecordKind::queued: {
            const bool event = fields.number(1) == 1;
            const std::string_view bytes = fields.text();
            if (!fields.whole() || bytes.size() < xs::Header::size) return false;
            client.output.push_back({std::string(bytes), event});
            return true;
        }
        case RecordKind::sent:
            return take_sent(client, fields.number()) && fields.whole();
        case RecordKind::withdrawn: {
            const std::uint64_t place = fields.number();
            if (!fields.whole() || place >= client.output.size()) return false;
            if (place == 0 && client.sent > 0) return false;  // one that was begun never is
            client.output.erase(client.output.begin() + static_cast<std::ptrdiff_t>(place));
            return true;
        }
        case RecordKind::watch: {
            State::Watch watch;
            watch.path = fields.text();
            watch.token = fields.text();
            watch.home_length = fields.as<std::uint32_t>();
            watch.depth = static_cast<std::int32_t>(fields.number(std::uint64_t{1} << 31)) - 1;
            if (!fields.whole() || watch.home_length > watch.path.size()) return false;
            client.watches.push_back(std::move(watch));
            return true;
        }
        case RecordKind::watch_removed: {
            const std::string_view path = fields.text();
            const std::string_view token = fields.text();
            const auto known = std::ranges::find_if(client.watches, [&](const auto& watch) {
                return watch.path == path && watch.token == token;
            });
            if (!fields.whole() || known == client.watches.end()) return false;
            client.watches.erase(known);
            return true;
        }
        case RecordKind::started: {
            const auto id = fields.as<std::uint32_t>();
            client.transactions.push_back(id);
            client.next_transaction = id + 1;
            return fields.whole();
        }
        case RecordKind::ended: {
            const auto id = fields.as<std::uint32_t>();
            return fields.whole() && std::erase(client.transactions, id) == 1;
        }
        case RecordKind::deferred: {
            xs::Header header;
            header.type = static_cast<xs::MessageType>(fields.as<std::uint32_t>());
            header.request_id = fields.as<std::uint32_t>();
            header.transaction_id = fields.as<std::uint32_t>();
            client.deferred = header;
            return fields.whole();
        }
        case RecordKind::answered:
            client.deferred.reset();
            return true;
        case RecordKind::ignored:
            client.ignored = fields.number(1) == 1;
            return fields.whole();
        case RecordKind::closes:
            client.closes = fields.number(1) == 1;
            return fields.whole();
        case RecordKind::target: {
            DomainRef target;
            target.id = fields.as<xs::DomainId>();
            target.generation = fields.number();
            client.target = target;
            return fields.whole();
        }
        case RecordKind::indexes: {
            RingIndexes indexes;
            indexes.request_consumer = fields.as<std::uint32_t>();
            indexes.reply_producer = fields.as<std::uint32_t>();
            indexes.anew = fields.number(1) == 1;
            if (!fields.whole() || !client.ring) return false;
            client.ring->indexes = indexes;
            return true;
        }
        default:
            return false;
    }
}

bool play_one(State& state, RecordKind kind, Fields& fields) {
    switch (kind) {
        case RecordKind::counters:
            state.last_edit = std::max(state.last_edit, fields.number());
            state.last_generation = std::max(state.last_generation, fields.number());
            state.last_connection = std::max(state.last_connection, fields.number());
            return fields.whole();
        case RecordKind::node:
            return play_node(state, fields);
        case RecordKind::node_removed: {
            const std::string_view path = fields.text();
            auto changed = std::move(state.tree).cut(path);
            if (!fields.whole() || !changed) return false;
            state.tree = std::move(*changed);
            return true;
        }
        case RecordKind::quota:
            return play_quota(state, fields);
        case RecordKind::domain:
            return play_domain(state, fields);
        case RecordKind::domain_gone: {
            const auto id = fields.as<xs::DomainId>();
            state.domains.erase(id);  // it may have gone before anybody heard of it
            return fields.whole();
        }
        default:
            break;
    }
    const std::uint64_t id = fields.number();
    if (!fields.whole()) return false;
    if (kind == RecordKind::opened) {
        state.last_connection = std::max(state.last_connection, id);
        return state.connections.try_emplace(id).second;
    }
    const auto client = state.connections.find(id);
    if (client == state.connections.end()) return false;
    if (kind == RecordKind::closed) {
        state.connections.erase(client);
        return true;
    }
    return play_client(client->second, kind, fields);
}

}  // namespace

bool take_sent(State::Connection& client, std::uint64_t count) {
    while (count > 0) {
        if (client.output.empty()) return false;
        const std::size_t left = client.output.front().bytes.size() - client.sent;
        if (count < left) {
            client.sent += static_cast<std::uint32_t>(count);
            return true;
        }
        count -= left;
        client.sent = 0;
        client.output.pop_front();
    }
    return true;
}

std::expected<void, std::string> play(State& state, std::string_view records) {
    Fields fields(records);
    for (std::size_t place = 0; !fields.at_end(); ++place) {
        const auto kind = static_cast<RecordKind>(fields.number());
        if (!fields.whole() || !play_one(state, kind, fields)) {
            return std::unexpected("record " + std::to_string(place) + " of kind " +
                                   std::to_string(static_cast<unsigned>(kind)) + " does not fit");
        }
    }
    return {};
}

}  // namespace stemma::xenstored
