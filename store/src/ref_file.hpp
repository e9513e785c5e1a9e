// Moves refs as git does: a lock file with the new value beside the ref, renamed over it. libgit2
// could; but a crash or an error in the middle could not be tried then.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "disk.hpp"
#include "repository.hpp"

namespace stemma::store {

// Makes or moves a ref that is still at `from` (absent: not there). False if it is not. Durable
// when it returns true; after an error it may have moved or not, and may move back with a crash.
std::expected<bool, Error> move_ref_file(Disk& disk, Repository& repository,
                                         const std::string& name,
                                         const std::optional<CommitId>& from, const CommitId& to);

}  // namespace stemma::store
