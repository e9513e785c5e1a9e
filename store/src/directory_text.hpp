// The bytes of one git tree object, edited in place: an entry is found by a search among every
// 32nd, so a change in a directory of 10,000 costs the copying, or less, and no parsing. Each edit
// also gives the delta from the bytes before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "git_tree_text.hpp"

namespace stemma::store {

class DirectoryText {
  public:
    struct Edit {
        std::string name;
        std::optional<bool> was_tree;     // what is there now; absent: nothing
        std::optional<GitTreeEntry> now;  // what is to be there, under the same name
    };

    DirectoryText() = default;
    explicit DirectoryText(std::string bytes) : bytes_(std::move(bytes)) {}

    const std::string& bytes() const { return bytes_; }
    std::size_t memory() const {
        return bytes_.capacity() + places_.capacity() * sizeof places_[0];
    }

    // Makes the edits, at most one a name, and gives the delta (delta_text.hpp). Absent, with the
    // bytes as they were, if what an edit says is there is not, or the other way round.
    std::optional<std::string> apply(const std::vector<Edit>& edits);

  private:
    struct Entry;
    struct Splice;

    Entry entry_at(std::size_t offset) const;
    // The first entry not before the name, or the end.
    std::size_t find(std::string_view name, bool is_tree);
    bool is_at(std::size_t offset, std::string_view name, bool is_tree) const;
    void find_places();

    std::string bytes_;
    std::vector<std::uint32_t> places_;  // of every 32nd entry; empty: not known
};

}  // namespace stemma::store
