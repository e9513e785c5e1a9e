#include <bit>
#include <utility>

#include "store/children.hpp"
#include "stream_branches.hpp"
#include "stream_records.hpp"
#include "xenstored/migration_stream.hpp"
#include "xenstored/place.hpp"
#include "xenstored/rights.hpp"

namespace stemma::xenstored {

namespace {

using stream::Type;
using stream::Writer;

char letter(store::Access access) {
    return "nrwb"[static_cast<unsigned>(access)];
}

class StreamWriter {
  public:
    StreamWriter(const Handover& handover, const StreamForm& form)
        : handover_(handover), state_(handover.state), form_(form) {}

    std::string write() {
        out_.bytes(stream::ident);
        out_.number(std::byteswap(form_.version)).number(stream::little_endian);
        record(Type::global, Writer().number(handover_.listener).number(handover_.event_channels));
        if (form_.ours) process();
        if (form_.ours) state();
        // Domain 0's ring first, for C makes its data base when that comes, and rings without a
        // target before those that may have them as a target.
        for (const bool targets : {false, true}) {
            for (const auto& [id, connection] : state_.connections) {
                const bool late = connection.target.has_value();
                if (late == targets && is_domain0(connection)) write(id, connection);
            }
            for (const auto& [id, connection] : state_.connections) {
                const bool late = connection.target.has_value();
                if (late == targets && !is_domain0(connection)) write(id, connection);
            }
        }
        if (form_.ours || form_.version >= 2) {
            for (const auto& [id, domain] : state_.domains)
                write(domain);
        }
        for (const auto& name : {"@releaseDomain", "@introduceDomain"}) {
            const auto* const special = state_.tree.find(xs::join(special_directory, name));
            if (special != nullptr) write(*special, name);
        }
        nodes();
        if (form_.ours) {
            write_branches(state_,
                           [this](Type type, Writer fields) { record(type, std::move(fields)); });
        }
        record(Type::end, Writer());
        return out_.take();
    }

  private:
    static bool is_domain0(const State::Connection& connection) {
        return connection.ring && connection.ring->domain == 0;
    }

    void record(Type type, Writer fields) {
        const std::string body = fields.take();
        const std::size_t length = stream::padded(body.size());
        out_.number(static_cast<std::uint32_t>(type)).number(static_cast<std::uint32_t>(length));
        out_.bytes(body).bytes(std::string(length - body.size(), '\0'));
    }

    void process() {
        Writer fields;
        fields.number(static_cast<std::uint32_t>(handover_.locks.size()));
        for (const int lock : handover_.locks)
            fields.number(lock);
        fields.text(handover_.trace_file).number(handover_.trace_classes);
        const HostedDescriptors& hosted = handover_.hosted;
        fields.number(hosted.listener).number(static_cast<std::uint32_t>(hosted.links.size()));
        for (const int link : hosted.links)
            fields.number(link);
        fields.number(static_cast<std::uint32_t>(hosted.domains.size()));
        for (const auto& domain : hosted.domains) {
            fields.number(domain.id).number(domain.port).number(domain.page);
            fields.number(domain.wakes_daemon).number(domain.wakes_domain);
        }
        fields.number(std::int64_t{handover_.held_since.time_since_epoch().count()});
        record(Type::own_process, std::move(fields));
    }

    static void quotas(Writer& fields,
                       const std::vector<std::pair<std::string, std::uint64_t>>& values) {
        fields.number(static_cast<std::uint32_t>(values.size()));
        for (const auto& [name, value] : values)
            fields.text(name).number(value);
    }

    void state() {
        Writer fields;
        fields.number(state_.last_edit).number(state_.last_generation);
        fields.number(state_.last_connection);
        quotas(fields, state_.quotas);
        record(Type::own_state, std::move(fields));
    }

    void write(std::uint64_t id, const State::Connection& connection) {
        const std::uint32_t number = ++last_number_;
        Writer fields;
        fields.number(number);
        if (connection.ring) {
            const xs::DomainId domain = connection.ring->domain;
            const auto port = handover_.local_ports.find(domain);
            fields.number(stream::ring_connection).number(std::uint16_t{0}).number(domain);
            fields.number(connection.target ? connection.target->id : stream::no_target);
            fields.number(port != handover_.local_ports.end() ? port->second : 0u);
        } else {
            fields.number(stream::socket_connection).number(std::uint16_t{0});
            fields.number(connection.descriptor).number(0u);
        }
        std::string output;
        for (const State::Message& message : connection.output)
            output += message.bytes;
        output.erase(0, connection.sent);
        const std::size_t partial =
            connection.sent == 0 ? 0 : connection.output.front().bytes.size() - connection.sent;
        fields.number(static_cast<std::uint16_t>(connection.input.size()));
        fields.number(static_cast<std::uint16_t>(partial));
        fields.number(static_cast<std::uint32_t>(output.size()));
        fields.bytes(connection.input).bytes(output);
        record(Type::connection, std::move(fields));
        if (form_.ours) write_own(id, number, connection);
        for (const std::uint32_t transaction : connection.transactions)
            record(Type::transaction, Writer().number(number).number(transaction));
        for (const State::Watch& watch : connection.watches)
            write(number, watch);
    }

    void write_own(std::uint64_t id, std::uint32_t number, const State::Connection& connection) {
        Writer fields;
        fields.number(number).number(id).number(connection.next_transaction);
        fields.number(std::uint8_t{connection.ignored});
        fields.number(connection.target ? connection.target->generation : std::uint64_t{0});
        // What is gone of the first message, so that it is known as a whole.
        fields.text(connection.sent == 0
                        ? std::string()
                        : connection.output.front().bytes.substr(0, connection.sent));
        const xs::Header deferred = connection.deferred.value_or(xs::Header{});
        fields.number(std::uint8_t{connection.deferred.has_value()});
        fields.number(deferred.type).number(deferred.request_id);
        fields.number(deferred.transaction_id).number(deferred.length);
        const State::Ring ring = connection.ring.value_or(State::Ring{});
        fields.number(ring.port).number(ring.frame).text(connection.branch);
        record(Type::own_connection, std::move(fields));
    }

    void write(std::uint32_t connection, const State::Watch& watch) {
        const bool extended = form_.version >= 2;
        std::string_view path = watch.path;
        if (watch.home_length > 0 && watch.home_length < path.size()) {
            path.remove_prefix(watch.home_length + 1);
        }
        Writer fields;
        fields.number(connection).number(static_cast<std::uint16_t>(path.size() + 1));
        fields.number(static_cast<std::uint16_t>(watch.token.size() + 1));
        if (extended) {
            const bool limited = watch.depth >= 0 && watch.depth < stream::unlimited_depth;
            fields.number(limited ? static_cast<std::uint16_t>(watch.depth)
                                  : stream::unlimited_depth);
            fields.number(std::uint16_t{0});
        }
        fields.bytes(path).number('\0').bytes(watch.token).number('\0');
        record(extended ? Type::watch_extended : Type::watch, std::move(fields));
    }

    void write(const State::Domain& domain) {
        Writer fields;
        if (!form_.ours) {
            fields.number(domain.ref.id).number(static_cast<std::uint16_t>(domain.quotas.size()));
            fields.number(domain.features);
            for (const auto& [name, value] : domain.quotas)
                fields.number(static_cast<std::uint32_t>(value));
            for (const auto& [name, value] : domain.quotas)
                fields.bytes(name).number('\0');
            return record(Type::domain, std::move(fields));
        }
        fields.number(domain.ref.id).number(domain.ref.generation);
        for (const std::uint8_t byte : domain.handle)
            fields.number(byte);
        fields.number(std::uint8_t{domain.introduced}).number(std::uint8_t{domain.shutdown_told});
        fields.number(domain.features).number(domain.connection.value);
        quotas(fields, domain.quotas);
        record(Type::own_domain, std::move(fields));
    }

    // A parent before its children, these in the order of their creation, as C expects it.
    void nodes() {
        struct Waiting {
            const store::Node* node;
            std::string path;
        };
        std::vector<Waiting> waiting{{&state_.tree.root(), "/"}};
        while (!waiting.empty()) {
            const Waiting at = std::move(waiting.back());
            waiting.pop_back();
            if (at.path == special_directory) continue;
            write(*at.node, at.path);
            const auto children = at.node->children_in_order();
            for (auto child = children.rbegin(); child != children.rend(); ++child)
                waiting.push_back({*child, xs::join(at.path, (*child)->name())});
        }
    }

    bool is_live(const store::Permission& entry) const {
        if (entry.domain == 0) return true;
        if (entry.domain == xs::domid_any) return domain_of(entry) == any_domain;
        const auto domain = state_.domains.find(entry.domain);
        return domain != state_.domains.end() && domain->second.ref == domain_of(entry);
    }

    // Most of a stream is nodes: their records are made where they go.
    std::size_t begin(Type type) {
        out_.number(static_cast<std::uint32_t>(type)).number(std::uint32_t{0});
        return out_.size();
    }
    void end(std::size_t began) {
        const std::size_t length = out_.size() - began;
        out_.bytes(std::string_view("\0\0\0\0\0\0\0", stream::padded(length) - length));
        out_.put(began - sizeof(std::uint32_t), static_cast<std::uint32_t>(stream::padded(length)));
    }

    void write(const store::Node& node, std::string_view path) {
        const auto entries = node.permissions().entries();
        std::size_t began = begin(Type::node);
        Writer& fields = out_;
        fields.number(0u).number(0u).number(static_cast<std::uint16_t>(path.size() + 1));
        fields.number(static_cast<std::uint16_t>(node.value().size())).number(std::uint16_t{0});
        fields.number(static_cast<std::uint16_t>(entries.size()));
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const bool live = is_live(entries[i]);
            // An owner that is no more is domain 0 for C, which would take a new domain for it.
            const bool orphan = i == 0 && !live && !form_.ours;
            fields.number(letter(entries[i].access));
            fields.number(live || orphan ? std::uint8_t{0} : stream::stale);
            fields.number(orphan ? std::uint16_t{0} : entries[i].domain);
        }
        fields.bytes(path).number('\0').bytes(node.value());
        end(began);
        if (!form_.ours) return;
        began = begin(Type::own_node);
        Writer& own = out_;
        own.number(node.generation()).number(node.number());
        own.number(std::int64_t{node.stamp().time.time_since_epoch().count()});
        own.number(node.stamp().domain).number(node.stamp().operation);
        for (const store::Permission& entry : entries)
            own.number(entry.generation);
        end(began);
    }

    const Handover& handover_;
    const State& state_;
    StreamForm form_;
    Writer out_;
    std::uint32_t last_number_ = 0;
};

}  // namespace

std::string write_stream(const Handover& handover, const StreamForm& form) {
    return StreamWriter(handover, form).write();
}

std::vector<std::string> left_out(const State& state, std::uint32_t version) {
    std::vector<std::string> lines{"who changed each node and when, and nodes' generations"};
    const auto count = [&](std::size_t number, const char* what) {
        if (number > 0) lines.push_back(std::to_string(number) + what);
    };
    std::size_t deep = 0, ignored = 0, own = 0, told = 0;
    for (const auto& [id, connection] : state.connections) {
        ignored += connection.ignored ? 1u : 0u;
        for (const State::Watch& watch : connection.watches)
            deep += watch.depth >= 0 ? 1u : 0u;
    }
    for (const auto& [id, domain] : state.domains) {
        own += domain.quotas.empty() ? 0u : 1u;
        told += domain.shutdown_told ? 1u : 0u;
    }
    std::string branches;
    for (const State::Branch& branch : state.branches)
        branches.append(branches.empty() ? "" : ", ").append(branch.name);
    if (!branches.empty()) {
        lines.push_back("what-if branches, nor of clients that have one checked out: " + branches);
    }
    if (version < 2) {
        count(deep, " watches' depths: they report all levels");
        count(own, " domains' own quotas");
    }
    count(ignored, " rings that broke the protocol: they are served again");
    count(told, " shutdowns already told: they are told again");
    count(state.quotas.size(), " quotas that were set while this daemon ran");
    return lines;
}

}  // namespace stemma::xenstored
