#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "store/tree.hpp"

namespace stemma::xenstored {

// A node as the stream has it; its texts lie in the stream.
struct StreamNode {
    std::string_view path;  // absolute, or "@..."
    std::string_view value;
    boost::container::small_vector<store::Permission, 3> permissions;
    // These only if a record of ours said so.
    bool own = false;
    std::uint64_t generation = 0;
    std::uint64_t number = 0;
    store::Stamp stamp;
};

// The tree of these nodes, which may come in any order, but are faster to join with each after its
// parent and right after its siblings' subtrees, as all makes write them. What a tree must have and
// is not there is made. Siblings that have no numbers of their own are in the order of the stream.
// `last_edit` becomes greater than any number used. The error names a node that cannot be.
std::expected<store::Tree, std::string> tree_of(std::vector<StreamNode> nodes,
                                                std::uint64_t& last_edit);

}  // namespace stemma::xenstored
