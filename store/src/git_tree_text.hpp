// The bytes of a git tree object: for each entry "MODE NAME\0" and the 20 bytes of its id, in git's
// order, in which a tree's name compares as if it ended in a slash.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/stored_form.hpp"

namespace stemma::store {

struct GitTreeEntry {
    std::string name;
    bool is_tree = false;
    ObjectId id{};
};

// True if git sorts `one` before `two`.
bool git_order(const GitTreeEntry& one, const GitTreeEntry& two);

// Sorts the entries where needed.
std::string git_tree_text(std::vector<GitTreeEntry>& entries);

}  // namespace stemma::store
