#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/tree.hpp"
#include "xenstored/connection_id.hpp"
#include "xenstored/domain_ref.hpp"
#include "xenstored/ring_indexes.hpp"
#include "xs_wire/message.hpp"

namespace stemma::xenstored {

// What clients have with the daemon, as a plain value: all that must not be lost when its process
// ends and the host goes on. A checkpoint holds one, the restart log's records change one, a live
// update hands one over; Server::capture() and Server::restore() are the ways out of the running
// daemon and back into it.
//
// Not in it: what follows from the rest (quota use, whose turn it is, who waits for whom) and what
// a transaction read and wrote. A transaction that was open is known by its number alone: it can
// only end in EAGAIN.
struct State {
    struct Watch {
        std::string path;  // canonical
        std::string token;
        std::uint32_t home_length = 0;  // as in xenstored::Watch
        std::int32_t depth = -1;
    };

    // A reply or an event that was queued: header and payload.
    struct Message {
        std::string bytes;
        bool event = false;
    };

    // A domain's ring; which page it is only the hypervisor knows by the domid, but for a domain
    // that grants none: then `frame` names it, 0 otherwise. `port` is the domain's own.
    struct Ring {
        xs::DomainId domain = 0;
        std::uint32_t port = 0;
        std::uint64_t frame = 0;
        std::optional<RingIndexes> indexes;  // none: as the page has them
    };

    struct Connection {
        std::optional<Ring> ring;  // none: a socket
        int descriptor = -1;       // of a socket, in the process that holds this State
        std::string input;         // bytes taken from the client and not yet handled
        std::deque<Message> output;
        std::uint32_t sent = 0;  // bytes of output.front() that are gone; fewer than it has
        std::vector<Watch> watches;
        std::vector<std::uint32_t> transactions;  // open ones
        std::uint32_t next_transaction = 1;
        std::optional<xs::Header> deferred;  // a CONTROL request that has no answer yet
        bool ignored = false;                // quarantined; a ring that could not be bound, too
        // It was about a what-if branch. Where that is not kept it is closed, so that what it
        // writes next does not go to the live tree.
        bool closes = false;
        std::string branch;  // the name
        std::optional<DomainRef> target;
    };

    struct Domain {
        DomainRef ref;
        DomainHandle handle{};
        bool introduced = false;
        bool shutdown_told = false;
        std::uint32_t features = 0;
        std::vector<std::pair<std::string, std::uint64_t>> quotas;  // its own: Quota::later_name
        ConnectionId connection;                                    // of its ring, if it has one
    };

    // A tree beside the live one: WhatIf.
    struct Branch {
        std::string name;
        store::Time since;
        store::Tree base;
        store::Tree tree;
        std::uint64_t last_edit = 0;
    };

    store::Tree tree;
    std::uint64_t last_edit = 0;                      // EditNumbers
    std::uint64_t last_generation = 0;                // of domains
    std::uint64_t last_connection = 0;                // ConnectionId
    std::map<std::uint64_t, Connection> connections;  // by ConnectionId::value, so by age
    std::map<xs::DomainId, Domain> domains;
    // What was set while it ran for all domains that have no value of their own.
    std::vector<std::pair<std::string, std::uint64_t>> quotas;
    std::vector<Branch> branches;  // a live update hands them on, a checkpoint does not
};

}  // namespace stemma::xenstored
