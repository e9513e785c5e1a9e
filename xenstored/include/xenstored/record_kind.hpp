#pragma once

#include <cstdint>

namespace stemma::xenstored {

// What a record of the restart log says: one change of a State (state.hpp). A record is its kind,
// one byte, and then the fields named here, each a number (LEB128: seven bits a byte, the lowest
// first, the top bit set in all but the last) or a text (its length as a number, then the bytes).
// `client` is a ConnectionId's value. The numbers are the format: none is given again to another
// meaning.
enum class RecordKind : std::uint8_t {
    counters = 1,      // last edit, last domain generation, last connection
    node = 2,          // path, number, generation, stamp, flags, [permissions], [value]
    node_removed = 3,  // path; all below it goes too
    quota = 4,         // name, value: for all domains
    domain = 5,        // all of State::Domain, in place of what was known of that domid
    domain_gone = 6,   // domid

    opened = 16,         // client
    bound = 17,          // client, domid, port, frame: it is, or is again, that domain's ring
    closed = 18,         // client
    reset = 19,          // client: watches, transactions, what waits in both directions
    dropped = 20,        // client: watches and transactions
    input = 21,          // client, bytes taken from it
    consumed = 22,       // client, count: so many of them were a request that is done with
    queued = 23,         // client, 1 for an event or 0, message
    sent = 24,           // client, count of bytes
    withdrawn = 25,      // client, place: a message that expired in the queue, 0 the first
    watch = 26,          // client, path, token, length of the home path, depth + 1
    watch_removed = 27,  // client, path, token
    started = 28,        // client, transaction
    ended = 29,          // client, transaction
    deferred = 30,       // client, type, request id, transaction id: its answer comes later
    answered = 31,       // client: it has come
    ignored = 32,        // client, 1 or 0
    target = 33,         // client, domid, generation
    indexes = 34,        // client, request consumer, reply producer, 1 if both rings begin anew
    closes = 35,         // client, 1 or 0: it is about a what-if branch, and is closed at a restart
};

// Flags of RecordKind::node. Without has_value or has_permissions the node keeps what it has, or,
// if it is new, has none.
inline constexpr std::uint64_t node_has_value = 1;
inline constexpr std::uint64_t node_has_permissions = 2;

}  // namespace stemma::xenstored
