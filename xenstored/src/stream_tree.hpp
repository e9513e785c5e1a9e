#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "store/tree.hpp"

namespace stemma::xenstored {

// A node as the stream has it.
struct StreamNode {
    std::string path;  // absolute, or "@..."
    std::string value;
    std::vector<store::Permission> permissions;
    std::vector<bool> stale;  // of each permission: it is to fit nobody
    // These only if a record of ours said so.
    bool own = false;
    std::uint64_t generation = 0;
    std::uint64_t number = 0;
    store::Stamp stamp;
};

// The tree of these nodes, which come in any order; what a tree must have and is not there is made.
// Siblings that have no numbers of their own are in the order of the stream. `last_edit` becomes
// greater than any number used. The error names a node that cannot be.
std::expected<store::Tree, std::string> tree_of(std::vector<StreamNode> nodes,
                                                std::uint64_t& last_edit);

}  // namespace stemma::xenstored
