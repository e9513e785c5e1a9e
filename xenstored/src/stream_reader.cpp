#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "stream_branches.hpp"
#include "stream_records.hpp"
#include "stream_tree.hpp"
#include "xenstored/domain_table.hpp"
#include "xenstored/migration_stream.hpp"
#include "xenstored/node_path.hpp"
#include "xenstored/rights.hpp"

namespace stemma::xenstored {

namespace {

using stream::Reader;
using stream::Type;

using Fault = std::optional<std::string>;  // what is wrong, if anything

// A field with its NUL, which the length counts.
template <class Text>
bool text_of(Reader& fields, std::size_t length, Text& text) {
    const std::string_view bytes = fields.bytes(length);
    if (bytes.empty() || bytes.back() != '\0' || bytes.find('\0') + 1 != bytes.size()) return false;
    text = bytes.substr(0, bytes.size() - 1);
    return true;
}

// A permission entry's generation until all domains are known.
constexpr std::uint64_t unresolved = ~std::uint64_t{0};

class StreamReader {
  public:
    explicit StreamReader(std::string_view bytes) : in_(bytes) {}

    std::expected<Handover, std::string> read() {
        if (in_.bytes(stream::ident.size()) != stream::ident) {
            return std::unexpected("not a xenstore stream");
        }
        const std::uint32_t version = std::byteswap(in_.u32());
        if (version < 1 || version > 2) {
            return std::unexpected("stream of version " + std::to_string(version));
        }
        if (in_.u32() != stream::little_endian) return std::unexpected("stream is big-endian");
        for (std::size_t at = 1;; ++at) {
            const auto type = static_cast<Type>(in_.u32());
            const std::uint32_t length = in_.u32();
            const std::string_view body = in_.bytes(stream::padded(length));
            if (!in_.ok()) return std::unexpected("stream ends in record " + std::to_string(at));
            if (type == Type::end) break;
            Fault fault = record(type, Reader(body.substr(0, length)));
            if (fault) {
                return std::unexpected("record " + std::to_string(at) + " of type " +
                                       std::to_string(static_cast<std::uint32_t>(type)) + ": " +
                                       *fault);
            }
        }
        return finish();
    }

  private:
    Fault record(Type type, Reader fields) {
        Fault fault;
        switch (type) {
            case Type::global:
                handover_.listener = fields.i32();
                handover_.event_channels = fields.i32();
                break;
            case Type::connection:
                fault = connection(fields);
                break;
            case Type::watch:
            case Type::watch_extended:
                fault = watch(fields, type == Type::watch_extended);
                break;
            case Type::transaction:
                fault = transaction(fields);
                break;
            case Type::node:
                fault = node(fields);
                break;
            case Type::global_quota:
                fault = global_quotas(fields);
                break;
            case Type::domain:
                fault = domain(fields);
                break;
            case Type::own_state:
                fault = own_state(fields);
                break;
            case Type::own_connection:
                fault = own_connection(fields);
                break;
            case Type::own_domain:
                fault = own_domain(fields);
                break;
            case Type::own_node:
                fault = own_node(fields);
                break;
            case Type::own_process:
                fault = own_process(fields);
                break;
            case Type::own_branch:
                fault = branches_.branch(fields);
                break;
            case Type::own_change:
                fault = branches_.change(fields);
                break;
            default:
                break;  // "can be ignored"
        }
        if (!fault && !fields.ok()) fault = "too short";
        return fault;
    }

    State::Connection* numbered(std::uint32_t number) {
        const auto known = ids_.find(number);
        return known == ids_.end() ? nullptr : &handover_.state.connections[known->second];
    }

    Fault connection(Reader& fields) {
        const std::uint32_t number = fields.u32();
        const std::uint16_t type = fields.u16();
        fields.u16();
        State::Connection connection;
        if (type == stream::ring_connection) {
            State::Ring ring;
            ring.domain = fields.u16();
            const std::uint16_t target = fields.u16();
            const std::uint32_t port = fields.u32();
            if (ring.domain >= xs::domid_first_reserved) return "no domain's ring";
            if (!rings_.insert(ring.domain).second) return "a second ring of a domain";
            if (port != 0) handover_.local_ports[ring.domain] = port;
            connection.ring = ring;
            if (target < xs::domid_first_reserved) connection.target = DomainRef{target, 0};
        } else if (type == stream::socket_connection) {
            connection.descriptor = fields.i32();
            fields.u32();
        } else {
            return "unknown type of connection";
        }
        const std::uint16_t in_length = fields.u16();
        const std::uint16_t partial = fields.u16();
        const std::uint32_t out_length = fields.u32();
        connection.input = fields.bytes(in_length);
        const std::string_view output = fields.bytes(out_length);
        if (!fields.ok()) return {};
        if (Fault fault = messages(output, partial, connection)) return fault;
        if (!ids_.emplace(number, number).second || number == 0) return "its number is not new";
        handover_.state.connections.emplace(number, std::move(connection));
        return {};
    }

    static Fault messages(std::string_view output, std::size_t partial,
                          State::Connection& connection) {
        if (partial > output.size()) return "partial reply longer than all there is";
        if (partial > 0) {
            // What it was nobody knows any more.
            connection.output.push_back(
                {std::string(xs::Header::size, '\0').append(output.substr(0, partial)), false});
            connection.sent = xs::Header::size;
            output.remove_prefix(partial);
        }
        while (!output.empty()) {
            if (output.size() < xs::Header::size) return "half a message to be sent";
            const auto header =
                xs::Header::read(std::as_bytes(std::span(output)).first<xs::Header::size>());
            const std::size_t size = xs::Header::size + std::size_t{header.length};
            if (output.size() < size) return "half a message to be sent";
            connection.output.push_back(
                {std::string(output.substr(0, size)), header.type == xs::MessageType::watch_event});
            output.remove_prefix(size);
        }
        return {};
    }

    Fault watch(Reader& fields, bool extended) {
        State::Connection* const client = numbered(fields.u32());
        const std::uint16_t path_length = fields.u16();
        const std::uint16_t token_length = fields.u16();
        State::Watch watch;
        if (extended) {
            const std::uint16_t depth = fields.u16();
            fields.u16();
            watch.depth = depth == stream::unlimited_depth ? -1 : depth;
        }
        std::string path;
        if (client == nullptr) return "no connection of that number";
        if (!text_of(fields, path_length, path) || !text_of(fields, token_length, watch.token)) {
            return "path or token is no string";
        }
        const xs::DomainId home = client->ring ? client->ring->domain : xs::DomainId{0};
        std::string scratch;
        watch.path = canonical(path, home, scratch);
        if (!is_special(path) && !path.starts_with('/')) {
            watch.home_length = static_cast<std::uint32_t>(xs::domain_path(home).size());
        }
        if (!is_special(path) && !is_valid_node_path(watch.path, 0)) return "no path: " + path;
        client->watches.push_back(std::move(watch));
        return {};
    }

    Fault transaction(Reader& fields) {
        State::Connection* const client = numbered(fields.u32());
        const std::uint32_t id = fields.u32();
        if (client == nullptr) return "no connection of that number";
        if (id == 0) return "transaction 0";
        client->transactions.push_back(id);
        client->next_transaction = std::max(client->next_transaction, id + 1);
        return {};
    }

    Fault node(Reader& fields) {
        const std::uint32_t transaction_of = fields.u32();
        fields.u32();
        const std::uint16_t path_length = fields.u16();
        const std::uint16_t value_length = fields.u16();
        fields.u16();
        const std::uint16_t entries = fields.u16();
        StreamNode node;
        if (!fields.may_hold(entries, 4)) return "too short";
        for (std::uint16_t i = 0; i < entries; ++i) {
            const char letter = static_cast<char>(fields.u8());
            const bool stale = (fields.u8() & stream::stale) != 0;
            const auto access = std::string_view("nrwb").find(letter);
            if (access == std::string_view::npos) return "unknown access right";
            const std::uint16_t id = fields.u16();
            node.permissions.push_back(
                {static_cast<store::Access>(access), id, stale || id == 0 ? 0 : unresolved});
            if (!stale && id != 0 && id < xs::domid_first_reserved) mentioned_.insert(id);
        }
        if (!text_of(fields, path_length, node.path)) return "path is no string";
        node.value = fields.bytes(value_length);
        last_is_node_ = transaction_of == 0;
        if (transaction_of != 0) return {};  // of a transaction, which is doomed
        if (entries == 0) return "no permissions";
        nodes_.push_back(std::move(node));
        return {};
    }

    // Values, then their names, each with its NUL.
    static Fault quotas(Reader& fields, std::size_t count,
                        std::vector<std::pair<std::string, std::uint64_t>>& into) {
        if (!fields.may_hold(count, 5)) return "too short";
        std::vector<std::uint32_t> values;
        for (std::size_t i = 0; i < count; ++i)
            values.push_back(fields.u32());
        for (const std::uint32_t value : values) {
            std::string name;
            while (const std::uint8_t byte = fields.u8())
                name += static_cast<char>(byte);
            into.emplace_back(std::move(name), value);
        }
        return {};
    }

    Fault global_quotas(Reader& fields) {
        const std::size_t of_domains = fields.u16();
        const std::size_t others = fields.u16();
        return quotas(fields, of_domains + others, handover_.state.quotas);
    }

    Fault domain(Reader& fields) {
        const xs::DomainId id = fields.u16();
        const std::uint16_t count = fields.u16();
        const std::uint32_t features = fields.u32();
        if (id >= xs::domid_first_reserved) return "no domain";
        State::Domain& known = entered(id);
        known.features = features & all_features;
        return quotas(fields, count, known.quotas);
    }

    State::Domain& entered(xs::DomainId id) {
        const auto [place, is_new] = handover_.state.domains.try_emplace(id);
        if (is_new) place->second.ref.id = id;
        if (is_new) place->second.features = all_features;
        return place->second;
    }

    Fault named_quotas(Reader& fields, std::vector<std::pair<std::string, std::uint64_t>>& values) {
        const std::uint32_t count = fields.u32();
        if (!fields.may_hold(count, 12)) return "too short";
        for (std::uint32_t i = 0; i < count; ++i) {
            std::string name(fields.text());
            values.emplace_back(std::move(name), fields.u64());
        }
        return {};
    }

    Fault own_state(Reader& fields) {
        handover_.state.last_edit = fields.u64();
        handover_.state.last_generation = fields.u64();
        handover_.state.last_connection = fields.u64();
        const State& state = handover_.state;
        if (std::max({state.last_edit, state.last_generation, state.last_connection}) >
            stream::count_max) {
            return stream::beyond_count;
        }
        return named_quotas(fields, handover_.state.quotas);
    }

    Fault own_connection(Reader& fields) {
        const std::uint32_t number = fields.u32();
        State::Connection* client = numbered(number);
        if (client == nullptr) return "no connection of that number";
        const std::uint64_t id = fields.u64();
        if (id > stream::count_max) return stream::beyond_count;
        own_ids_[number] = id;
        client->next_transaction = std::max(client->next_transaction, fields.u32());
        client->ignored = fields.u8() != 0;
        const std::uint64_t generation = fields.u64();
        if (client->target) own_targets_[number] = generation;
        const std::string_view gone = fields.text();
        if (!gone.empty() && client->sent > 0) {
            State::Message& first = client->output.front();
            first.bytes = std::string(gone).append(first.bytes.substr(client->sent));
            client->sent = static_cast<std::uint32_t>(gone.size());
            if (first.bytes.size() < xs::Header::size) return "first message too short";
            first.event =
                xs::Header::read(std::as_bytes(std::span(first.bytes)).first<xs::Header::size>())
                    .type == xs::MessageType::watch_event;
        }
        const bool deferred = fields.u8() != 0;
        xs::Header header;
        header.type = fields.number<xs::MessageType>();
        header.request_id = fields.u32();
        header.transaction_id = fields.u32();
        header.length = fields.u32();
        if (deferred) client->deferred = header;
        const std::uint32_t port = fields.u32();
        const std::uint64_t frame = fields.u64();
        if (client->ring) {
            client->ring->port = port;
            client->ring->frame = frame;
        }
        client->branch = fields.text();
        client->closes = !client->branch.empty();
        return {};
    }

    Fault own_domain(Reader& fields) {
        const xs::DomainId id = fields.u16();
        if (id >= xs::domid_first_reserved) return "no domain";
        State::Domain& known = entered(id);
        known.ref.generation = fields.u64();
        if (known.ref.generation > stream::count_max) return stream::beyond_count;
        if ((id == 0) != (known.ref.generation == 0)) return "a generation that it cannot have";
        for (std::uint8_t& byte : known.handle)
            byte = fields.u8();
        known.introduced = fields.u8() != 0;
        known.shutdown_told = fields.u8() != 0;
        known.features = fields.u32();
        known.connection = {fields.u64()};
        own_domains_ = true;
        return named_quotas(fields, known.quotas);
    }

    Fault own_node(Reader& fields) {
        if (!std::exchange(last_is_node_, false)) return "follows no node";
        StreamNode& node = nodes_.back();
        node.own = true;
        node.generation = fields.u64();
        node.number = fields.u64();
        if (std::max(node.generation, node.number) > stream::count_max) return stream::beyond_count;
        node.stamp.time = store::Time(std::chrono::microseconds(fields.number<std::int64_t>()));
        node.stamp.domain = fields.u16();
        node.stamp.operation = fields.number<store::Operation>();
        if (node.stamp.operation > store::Operation::merge) return "unknown operation";
        for (store::Permission& entry : node.permissions)
            entry.generation = fields.u64();
        return {};
    }

    Fault own_process(Reader& fields) {
        const auto list = [&](std::vector<int>& into) {
            const std::uint32_t count = fields.u32();
            if (!fields.may_hold(count, sizeof(int))) return false;
            for (std::uint32_t i = 0; i < count; ++i)
                into.push_back(fields.i32());
            return true;
        };
        if (!list(handover_.locks)) return "too short";
        handover_.trace_file = fields.text();
        handover_.trace_classes = fields.u8();
        handover_.hosted.listener = fields.i32();
        if (!list(handover_.hosted.links)) return "too short";
        const std::uint32_t count = fields.u32();
        if (!fields.may_hold(count, 18)) return "too short";
        for (std::uint32_t i = 0; i < count; ++i) {
            HostedDescriptors::Domain domain;
            domain.id = fields.u16();
            domain.port = fields.u32();
            domain.page = fields.i32();
            domain.wakes_daemon = fields.i32();
            domain.wakes_domain = fields.i32();
            handover_.hosted.domains.push_back(domain);
        }
        handover_.held_since =
            Laps::Clock::time_point(std::chrono::nanoseconds(fields.number<std::int64_t>()));
        return {};
    }

    std::expected<Handover, std::string> finish() {
        State& state = handover_.state;
        if (!own_ids_.empty()) {
            std::map<std::uint64_t, State::Connection> renamed;
            for (auto& [number, id] : own_ids_) {
                auto place = state.connections.find(number);
                if (!renamed.emplace(id, std::move(place->second)).second) {
                    return std::unexpected("two connections of one number");
                }
                ids_[number] = id;
                state.connections.erase(place);
            }
            if (!state.connections.empty())
                return std::unexpected("a connection not named by ours");
            state.connections = std::move(renamed);
        }
        if (!state.connections.empty()) {
            state.last_connection =
                std::max(state.last_connection, state.connections.rbegin()->first);
        }
        for (const auto& [id, connection] : state.connections) {
            if (!connection.ring) continue;
            State::Domain& domain = entered(connection.ring->domain);
            domain.connection = {id};
            if (!own_domains_) domain.introduced = true;
        }
        // Who was named in permissions and has no ring is known from then on, too. A domain that
        // is not there any more is found out by Server::restore().
        for (const xs::DomainId id : mentioned_) {
            if (!own_domains_) entered(id);
        }
        entered(0).introduced = true;
        for (auto& [id, domain] : state.domains) {
            if (id != 0 && domain.ref.generation == 0) {
                domain.ref.generation = ++state.last_generation;
            }
            state.last_generation = std::max(state.last_generation, domain.ref.generation);
        }
        for (auto& [id, connection] : state.connections) {
            if (!connection.target) continue;
            const auto target = state.domains.find(connection.target->id);
            if (target == state.domains.end()) {
                connection.target.reset();
            } else {
                connection.target = target->second.ref;
            }
        }
        for (const auto& [number, generation] : own_targets_) {
            auto& target = state.connections[ids_[number]].target;
            if (target) target->generation = generation;
        }
        for (StreamNode& node : nodes_)
            if (!node.own) resolve(node);
        auto tree = tree_of(std::move(nodes_), state.last_edit);
        if (!tree) return std::unexpected(std::move(tree).error());
        state.tree = std::move(*tree);
        auto branches = std::move(branches_).finish(state.tree);
        if (!branches) return std::unexpected(std::move(branches).error());
        state.branches = std::move(*branches);
        return std::move(handover_);
    }

    void resolve(StreamNode& node) const {
        for (store::Permission& entry : node.permissions) {
            if (entry.generation != unresolved) continue;
            entry.generation = entry.domain == xs::domid_any ? any_domain.generation : 0;
            const auto domain = handover_.state.domains.find(entry.domain);
            if (domain != handover_.state.domains.end()) {
                entry.generation = domain->second.ref.generation;
            }
        }
    }

    Reader in_;
    Handover handover_;
    std::map<std::uint32_t, std::uint64_t> ids_;  // by the stream's numbers
    std::map<std::uint32_t, std::uint64_t> own_ids_;
    std::map<std::uint32_t, std::uint64_t> own_targets_;
    std::set<xs::DomainId> rings_;
    std::set<xs::DomainId> mentioned_;
    std::vector<StreamNode> nodes_;
    BranchReader branches_;
    bool last_is_node_ = false;
    bool own_domains_ = false;
};

}  // namespace

std::expected<Handover, std::string> read_stream(std::string_view stream) {
    return StreamReader(stream).read();
}

}  // namespace stemma::xenstored
