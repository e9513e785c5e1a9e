#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "store/tree.hpp"

namespace stemma::xenstored {

// Part of a subtree as text, for tools that want all of it: nodes in the order of their paths'
// names, a parent before its children.
struct TreeDump {
    std::string lines;   // "PATH\tPERMISSIONS\tVALUE\n"; values with \xhh for what is not printable
    std::string cursor;  // give it back for the next part; empty after the last
};

// The part of the subtree at `top` that begins behind the node `cursor` (empty: at the top itself),
// of at most `size_max` bytes, lines and cursor together. `cursor` need not exist any more. A node
// too long for any part has its value cut, with "..." behind.
TreeDump dump_tree(const store::Tree& tree, std::string_view top, std::string_view cursor,
                   std::size_t size_max);

}  // namespace stemma::xenstored
