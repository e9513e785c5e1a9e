// One node as its git objects say it, its children not yet read.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "object_source.hpp"
#include "store/permissions.hpp"

namespace stemma::store {

// Where a node is in git: an entry of its parent's tree. The root of a commit has an empty name.
struct StoredPlace {
    std::string entry;
    ObjectId id{};
    bool is_tree = false;
    Permissions inherited;  // the parent's permissions
};

struct StoredNode {
    std::string name;
    std::string value;
    Permissions permissions;
    std::vector<std::string> order;      // of children, as `.node` has it
    std::vector<GitTreeEntry> children;  // in git's order
};

// Corrupt, with `why` alone, for what has no meaning in the on-disk form.
std::expected<StoredNode, Error> read_stored(ObjectSource& source, const StoredPlace& place);

// The place of the node at the path, below a commit's tree; absent if there is none.
std::expected<std::optional<StoredPlace>, Error> find_stored(ObjectSource& source,
                                                             const ObjectId& tree,
                                                             std::string_view path);

}  // namespace stemma::store
