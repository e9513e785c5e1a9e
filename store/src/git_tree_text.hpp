// The bytes of a git tree object: for each entry "MODE NAME\0" and the 20 bytes of its id, in git's
// order, in which a tree's name compares as if it ended in a slash.
#pragma once

#include <optional>
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
bool git_order(std::string_view one, bool one_is_tree, std::string_view two, bool two_is_tree);
inline bool git_order(const GitTreeEntry& one, const GitTreeEntry& two) {
    return git_order(one.name, one.is_tree, two.name, two.is_tree);
}

void append_tree_entry(std::string& text, const GitTreeEntry& entry);

// The entries of a tree object's bytes; absent if they are none.
std::optional<std::vector<GitTreeEntry>> tree_entries(std::string_view text);

// Sorts the entries where needed.
std::string git_tree_text(std::vector<GitTreeEntry>& entries);

}  // namespace stemma::store
