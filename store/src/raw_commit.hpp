// A commit's own bytes, to be written again with another tree, other parents or less in its
// message.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/commit.hpp"

namespace stemma::store {

struct RawCommit {
    ObjectId tree{};
    std::vector<CommitId> parents;
    std::string author;       // the name alone
    std::int64_t when = 0;    // of the author, seconds
    std::string other_lines;  // the header after the parents, without our generation
    std::string message;

    // Of git's bytes; absent if they are no commit's.
    static std::optional<RawCommit> parse(std::string_view bytes);
    std::string text(std::uint64_t generation) const;
};

}  // namespace stemma::store
