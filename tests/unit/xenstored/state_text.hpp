// A State as text, for comparisons: two that say the same are the same.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>

#include "store/diff.hpp"
#include "xenstored/state.hpp"

namespace stemma::xenstored::test {

inline std::string hex(std::string_view bytes) {
    std::ostringstream out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 32 && byte < 127) {
            out << c;
        } else {
            out << '%' << static_cast<unsigned>(byte) << ';';
        }
    }
    return out.str();
}

inline std::string state_text(const State& state) {
    std::ostringstream out;
    out << "counters " << state.last_edit << ' ' << state.last_generation << ' '
        << state.last_connection << '\n';
    for (const auto& [name, value] : state.quotas)
        out << "quota " << name << ' ' << value << '\n';
    for (const auto& [id, domain] : state.domains) {
        out << "domain " << id << ' ' << domain.ref.generation << ' '
            << hex({reinterpret_cast<const char*>(domain.handle.data()), domain.handle.size()})
            << ' ' << domain.introduced << domain.shutdown_told << ' ' << domain.features << ' '
            << domain.connection.value;
        for (const auto& [name, value] : domain.quotas)
            out << ' ' << name << '=' << value;
        out << '\n';
    }
    for (const auto& [id, client] : state.connections) {
        out << "client " << id << ' ' << client.sent << ' ' << client.next_transaction << ' '
            << client.ignored << client.closes;
        if (client.ring) {
            out << " ring " << client.ring->domain << ' ' << client.ring->port << ' '
                << client.ring->frame;
            if (client.ring->indexes) {
                out << ' ' << client.ring->indexes->request_consumer << ' '
                    << client.ring->indexes->reply_producer << ' ' << client.ring->indexes->anew;
            }
        }
        if (client.target)
            out << " target " << client.target->id << ' ' << client.target->generation;
        if (client.deferred) {
            out << " deferred " << static_cast<unsigned>(client.deferred->type) << ' '
                << client.deferred->request_id << ' ' << client.deferred->transaction_id;
        }
        out << "\n  input " << hex(client.input) << '\n';
        for (const auto& message : client.output)
            out << "  output " << message.event << ' ' << hex(message.bytes) << '\n';
        for (const auto& watch : client.watches) {
            out << "  watch " << watch.path << ' ' << hex(watch.token) << ' ' << watch.home_length
                << ' ' << watch.depth << '\n';
        }
        auto transactions = client.transactions;
        std::ranges::sort(transactions);
        for (const auto transaction : transactions)
            out << "  transaction " << transaction << '\n';
    }
    store::diff(nullptr, &state.tree.root(), "/", [&](const store::Change& change) {
        const store::Node& node = *change.after;
        out << "node " << change.path << ' ' << node.number() << ' ' << node.generation() << ' '
            << node.stamp().time.time_since_epoch().count() << ' ' << node.stamp().domain << ' '
            << static_cast<unsigned>(node.stamp().operation) << ' ' << hex(node.value());
        for (const auto& entry : node.permissions().entries()) {
            out << ' ' << static_cast<unsigned>(entry.access) << '/' << entry.domain << '/'
                << entry.generation;
        }
        out << '\n';
    });
    return out.str();
}

}  // namespace stemma::xenstored::test
