// The file `.node` that a node of the tree has on disk where its directory alone does not say all.
// Lines of ASCII, each only if needed:
//
//     name NAME              the node's own name, where it is too long to be a file's
//     (entry_name.hpp) permissions n0 r5      the node's own permissions, where they differ from
//     its parent's child NAME             the children in the order of their creation, where that
//     is not the
//                            order of their names
//
// Names are escaped by escape_name. A child that no line names comes after those that one does; a
// line for a child that is not there is ignored: a merge by git may leave either.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/permissions.hpp"

namespace stemma::store {

struct NodeText {
    std::optional<std::string> name;
    std::optional<std::vector<Permission>> permissions;  // generations are 0
    std::vector<std::string> order;

    bool empty() const { return !name && !permissions && order.empty(); }
    bool operator==(const NodeText&) const = default;
};

std::string format_node_text(const NodeText& text);

// Of an error says which line and why.
std::expected<NodeText, std::string> parse_node_text(std::string_view text);

}  // namespace stemma::store
