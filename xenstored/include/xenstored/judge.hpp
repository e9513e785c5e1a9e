#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "store/counted.hpp"
#include "store/node.hpp"
#include "xenstored/accesses.hpp"
#include "xenstored/branch.hpp"
#include "xenstored/domain_table.hpp"
#include "xenstored/limits.hpp"
#include "xenstored/rights.hpp"
#include "xs_wire/error.hpp"
#include "xs_wire/message.hpp"

namespace stemma::xenstored {

// The requests that read or change the tree: DIRECTORY, READ, GET_PERMS, WRITE, MKDIR, RM,
// SET_PERMS, DIRECTORY_PART.
bool is_tree_request(xs::MessageType type);

// What a request is judged against.
struct Bench {
    const Caller& caller;
    const Limits& limits;
    DomainTable& domains;
    // Nodes the caller owns in the live tree; what a transaction made itself does not count until
    // its commit, as in C.
    std::int64_t nodes_owned;
    bool in_transaction = false;
    // Records what is touched: in a transaction, when it is judged for the first time.
    Accesses* accesses = nullptr;
};

// What came of a request. Two rulings on one request, one before and one after others changed the
// tree, tell by stands_by() whether the transaction that the request belongs to may still commit.
struct Ruling {
    std::expected<std::string, xs::Error> reply;  // payload
    std::string path;                             // canonical, of a request that changed the tree

    // An event is due: the request was accepted and changed the tree, if only by writing the same
    // value again.
    bool changed = false;
    // It was to make nodes: only then does C look at the quota of nodes at the transaction's end,
    // even if the node was not made in the end.
    bool creates = false;
    // C undoes no half-done write inside a transaction; its END answers ENOMEM.
    bool breaks_transaction = false;

    // Accepted WRITE, MKDIR, RM, SET_PERMS: length of the path of the nearest existing node at or
    // above the path, by whose permissions it was decided. 0 otherwise.
    std::size_t basis_length = 0;
    store::Ref<const store::Node> removed;  // RM: what went
    store::Permissions permissions;         // SET_PERMS: what was set, generations included
    std::size_t gencnt_length = 0;          // DIRECTORY_PART: bytes of the reply before the names

    bool stands_by(const Ruling& earlier) const;
};

// Judges one request of a caller on a branch, changing the branch if it is accepted. Depends on
// nothing else, so that judging again on the same branch gives the same ruling.
Ruling judge(const Bench& bench, Branch& branch, xs::MessageType type, std::string_view payload);

}  // namespace stemma::xenstored
