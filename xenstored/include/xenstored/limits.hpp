#pragma once

#include <chrono>
#include <cstddef>

#include "xenstored/node_path.hpp"

namespace stemma::xenstored {

// Quotas, with the defaults of C xenstored 4.17; 0 means none. They bind unprivileged domains only,
// but for path_max, which binds everybody. Each domain has its own set (DomainTable).
struct Limits {
    std::size_t nodes = 1000;                 // -E: nodes a domain may own
    std::size_t watches = 128;                // -W: C compares with '>', so one more is accepted
    std::size_t transactions = 10;            // -t: open at once; compared with '>' as well
    std::size_t transaction_nodes = 1024;     // -Q transaction-nodes: nodes one transaction touches
    std::size_t node_size = 2048;             // -S: header, permissions, value and child names
    std::size_t permissions = 5;              // -A: entries of one node
    std::size_t path_max = default_path_max;  // -M
    std::size_t outstanding = 20;             // -Q outstanding: requests not yet done with
    std::size_t memory = 2 * 1024 * 1024 + 512 * 1024;  // -Q memory: bytes held for a domain
    std::size_t memory_soft = 2 * 1024 * 1024;          // -q memory: beyond it the log says so
    std::chrono::milliseconds event_timeout{20'000};    // -w watch-event: 0 means never
};

// Whether a use is at a limit, or beyond it.
constexpr bool reaches(std::size_t use, std::size_t limit) {
    return limit != 0 && use >= limit;
}
constexpr bool exceeds(std::size_t use, std::size_t limit) {
    return limit != 0 && use > limit;
}

// Bounds of our own on privileged socket clients, which the quotas exempt.
// Bytes of replies waiting before the daemon stops reading that client's requests.
inline constexpr std::size_t socket_reply_backlog = 256 * 1024;
// Bytes waiting, events included, at which a client that does not read is disconnected.
inline constexpr std::size_t socket_backlog_max = 64 * 1024 * 1024;

// A bound of our own on the requests that one transaction keeps for its end (Transaction's weight),
// for each node it may touch: what an end costs is what it has to judge again.
inline constexpr std::size_t requests_per_transaction_node = 4;

// And on the old versions of nodes that guests keep alive by transactions left open: one that began
// more than so many replaced bytes ago can only fail.
inline constexpr std::size_t replaced_bytes_kept = 64 * 1024 * 1024;

}  // namespace stemma::xenstored
