// A version of the tree with its history: tree, parents, and who made it, when and why.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/stamp.hpp"
#include "store/stored_form.hpp"

namespace stemma::store {

// On disk git's commit id; in memory a number of the same width.
struct CommitId {
    ObjectId bytes{};

    std::string hex() const;  // 40 digits
    static std::optional<CommitId> from_hex(std::string_view digits);

    auto operator<=>(const CommitId&) const = default;
};

// Plain text from the caller, as it is: guest bytes may be in it. Whatever reaches a commit is
// escaped first (commit_text.hpp): every byte outside printable ASCII becomes \xhh, a line longer
// than 400 bytes is cut. So write "state 3 -> 4", not an arrow of Unicode.
struct Info {
    std::string who;               // "domain 5 (nat0)"
    Time when{};                   // UTC; whole seconds on disk
    std::vector<std::string> why;  // lines; the first is the subject, "device/vif/0: state 3 -> 4"
};

struct Commit {
    CommitId id;
    std::vector<CommitId> parents;
    Info info;                     // who and why as they were written, escaped
    std::uint64_t generation = 1;  // longest way to a commit without parents, counted in commits
};

}  // namespace stemma::store

template <>
struct std::hash<stemma::store::CommitId> {
    std::size_t operator()(const stemma::store::CommitId& id) const noexcept {
        std::size_t value = 0;  // an id is a hash already, or a number in its last bytes
        for (std::size_t i = 0; i < sizeof value; ++i) {
            value |= static_cast<std::size_t>(id.bytes[id.bytes.size() - 1 - i]) << (8 * i);
        }
        return value;
    }
};
