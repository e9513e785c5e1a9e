#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "xenstored/connection_id.hpp"
#include "xenstored/in_buffer.hpp"
#include "xenstored/out_queue.hpp"
#include "xenstored/outstanding.hpp"
#include "xenstored/rights.hpp"
#include "xenstored/ring_indexes.hpp"
#include "xenstored/transaction.hpp"
#include "xenstored/what_if.hpp"
#include "xs_wire/message.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::xenstored {

// How bytes travel between the daemon and one client. Neither call waits.
class Transport {
  public:
    // Why nothing more can travel: the peer closed, or its ring is not to be believed.
    enum class End { closed, bad_ring };

    virtual ~Transport() = default;

    // Bytes taken into `room`; 0 when there are none now.
    virtual std::expected<std::size_t, End> read(std::span<std::byte> room) = 0;
    // Bytes taken from the front of `parts`; fewer than there are when the peer is slow.
    virtual std::expected<std::size_t, End> write(
        std::span<const std::span<const std::byte>> parts) = 0;

    // Whether the loop is to wake us when the peer sends, and when it takes.
    virtual void interest(bool readable, bool writable) = 0;
    // After the reads and writes of one turn: wakes the peer if any byte moved.
    virtual void finish_turn() = 0;

    // A client that broke the protocol is closed; a domain, whose end is to be told yet, is kept
    // and served no more (XSA-325).
    virtual bool is_ring() const { return false; }
    // Only a ring: requests wait that the domain may have forgotten to tell of.
    virtual bool has_input() const { return false; }
    // Only a ring: the domain asks for a new start; begin it, with both rings empty.
    virtual bool wants_restart() { return false; }
    virtual void restart() {}
    // Only a ring: how far this end has come; the domain sees it after publish().
    virtual std::optional<RingIndexes> indexes() const { return std::nullopt; }
    virtual void publish() {}
    // What it moves is known after a crash without anybody else's doing.
    virtual bool remembers() const { return false; }
    // Only a ring: tells the domain why it is served no more.
    virtual void report(xs::RingError) {}
    // Only a socket: its descriptor.
    virtual int descriptor() const { return -1; }
};

// One client: a socket, or a domain's ring.
struct Connection {
    ConnectionId id;
    std::unique_ptr<Transport> transport;  // may be null if ignored
    Caller caller;
    InBuffer in;
    OutQueue out;
    std::shared_ptr<Outstanding> outstanding;  // null for a privileged client

    std::map<std::uint32_t, std::unique_ptr<Transaction>> transactions;
    std::uint32_t next_transaction_id = 1;
    Moment transactions_since;  // when the first of those that are open began

    std::uint64_t debt = 0;  // effort it had beyond its share of the turns so far
    // A guest whose changes made a transaction of this client fail waits until then at most.
    ConnectionId held_by;
    Moment held_until;

    std::shared_ptr<WhatIf> branch;       // checked out in place of the live tree; or null
    std::uint64_t resets = 0;             // times that all it had was dropped
    std::optional<RingIndexes> recorded;  // of a ring, what the journal has

    // The request whose reply is deferred: no other is taken until it has come.
    std::optional<xs::Header> deferred;
    bool ignored = false;      // a ring that broke the protocol, or a connection that was closed
    bool paused = false;       // requests are not read, for a quota is reached
    bool is_runnable = false;  // on the list of those with work left over for the next turn
    bool is_dirty = false;     // on the list of those with something to send
};

}  // namespace stemma::xenstored
