// Reads a Tree back from git objects: what object_writer.hpp wrote, or what a person made of it
// with git. Values, permissions (their domains' generations 0) and the order of children are exact;
// a child has its place in that order as its number, from 1.
#pragma once

#include <cstddef>
#include <expected>

#include "store/node.hpp"
#include "stored_node.hpp"

namespace stemma::store {

// A path of XenStore has at most 3072 bytes, and so at most half as many elements.
inline constexpr std::size_t load_depth_max = 1600;

// The node at `place` and all below it, as the root of a tree. `stamp` goes to every node;
// generations are 0. Corrupt, with the path, for what has no meaning in this form: a `.node` that
// does not parse, a link, names that belong to nothing, too great a depth.
std::expected<Ref<const Node>, Error> load_subtree(ObjectSource& source, const StoredPlace& place,
                                                   const Stamp& stamp);

// The tree of a commit.
std::expected<Ref<const Node>, Error> load_root(ObjectSource& source, const ObjectId& tree,
                                                const Stamp& stamp);

}  // namespace stemma::store
