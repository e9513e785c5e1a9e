#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "store/tree.hpp"
#include "xenstored/connection_id.hpp"
#include "xenstored/record_kind.hpp"
#include "xenstored/ring_indexes.hpp"
#include "xenstored/state.hpp"
#include "xs_wire/message.hpp"

namespace stemma::xenstored {

// Collects records (record_kind.hpp) in the order in which their changes were made. Off, as it is
// at first, it collects nothing and costs a comparison.
class RecordWriter {
  public:
    void turn_on() { on_ = true; }
    void turn_off() {
        on_ = false;
        bytes_.clear();
    }
    bool is_on() const { return on_; }
    std::string_view bytes() const { return bytes_; }
    bool empty() const { return bytes_.empty(); }
    void clear() { bytes_.clear(); }

    void counters(std::uint64_t edit, std::uint64_t generation, std::uint64_t connection);
    // All that differs between two trees.
    void tree(const store::Tree& before, const store::Tree& after);
    // A whole tree; `each` is called after each node.
    void whole_tree(const store::Tree& tree, const std::function<void()>& each);
    void quota(std::string_view name, std::uint64_t value);
    void domain(const State::Domain& domain);
    void domain_gone(xs::DomainId domain);

    void opened(ConnectionId client) { about(RecordKind::opened, client); }
    void bound(ConnectionId client, const State::Ring& ring);
    void closed(ConnectionId client) { about(RecordKind::closed, client); }
    void reset(ConnectionId client) { about(RecordKind::reset, client); }
    void dropped(ConnectionId client) { about(RecordKind::dropped, client); }
    void input(ConnectionId client, std::span<const std::byte> bytes);
    void consumed(ConnectionId client, std::size_t count) {
        about(RecordKind::consumed, client, count);
    }
    // A message in two parts, which may both be all of it.
    void queued(ConnectionId client, bool event, std::span<const std::byte> header,
                std::string_view payload);
    void sent(ConnectionId client, std::size_t count) { about(RecordKind::sent, client, count); }
    void withdrawn(ConnectionId client, std::size_t place) {
        about(RecordKind::withdrawn, client, place);
    }
    void watch(ConnectionId client, std::string_view path, std::string_view token,
               std::size_t home_length, int depth);
    void watch_removed(ConnectionId client, std::string_view path, std::string_view token);
    void started(ConnectionId client, std::uint32_t transaction) {
        about(RecordKind::started, client, transaction);
    }
    void ended(ConnectionId client, std::uint32_t transaction) {
        about(RecordKind::ended, client, transaction);
    }
    void deferred(ConnectionId client, const xs::Header& request);
    void answered(ConnectionId client) { about(RecordKind::answered, client); }
    void ignored(ConnectionId client, bool is) { about(RecordKind::ignored, client, is ? 1 : 0); }
    void closes(ConnectionId client, bool does) { about(RecordKind::closes, client, does ? 1 : 0); }
    void target(ConnectionId client, DomainRef target);
    void indexes(ConnectionId client, const RingIndexes& indexes);

  private:
    // False when off.
    bool begin(RecordKind kind) {
        if (on_) bytes_.push_back(static_cast<char>(kind));
        return on_;
    }
    void about(RecordKind kind, ConnectionId client) {
        if (begin(kind)) number(client.value);
    }
    void about(RecordKind kind, ConnectionId client, std::uint64_t value) {
        if (!begin(kind)) return;
        number(client.value);
        number(value);
    }
    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7)
            bytes_.push_back(static_cast<char>(value | 0x80));
        bytes_.push_back(static_cast<char>(value));
    }
    void text(std::string_view bytes) {
        number(bytes.size());
        bytes_.append(bytes);
    }
    void node(std::string_view path, const store::Node* before, const store::Node& after);

    std::string bytes_;
    bool on_ = false;
};

}  // namespace stemma::xenstored
