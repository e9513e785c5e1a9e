// The bytes of a git commit object. Who and why are escaped here, so that no byte a guest chose
// gets into metadata raw.
//
// A header line of ours, "stemma-generation N", keeps the commit's distance from the root; git
// shows headers it does not know to nobody, and `git fsck --strict` accepts them.
#pragma once

#include <span>
#include <string>

#include "store/commit.hpp"

namespace stemma::store {

inline constexpr const char* generation_header = "stemma-generation";

std::string commit_text(const ObjectId& tree, std::span<const CommitId> parents, const Info& info,
                        std::uint64_t generation);

}  // namespace stemma::store
