#pragma once

#include <cstddef>
#include <string_view>

#include "store/node.hpp"

namespace stemma::xenstored {

// Where a path ends up in a tree. Pointers are good as long as the tree.
struct Place {
    const store::Node* node = nullptr;     // null if there is none at the path
    const store::Node* parent = nullptr;   // of `node`; the root is its own. Null if node is null
    const store::Node* nearest = nullptr;  // the node, or its nearest existing ancestor
    std::size_t nearest_length = 0;        // of nearest's path, which begins the path
};

// `path` is a valid absolute path.
Place locate(const store::Node& root, std::string_view path);

// Child names as DIRECTORY answers them. The root's leave out the node that holds the special
// nodes, which no client sees.
std::string_view visible_names(const store::Node& node, bool is_root);

// Where the special nodes live in the tree: no client can name a path with a dot.
inline constexpr std::string_view special_directory = "/.special";

}  // namespace stemma::xenstored
