// What follows from commits knowing their parents: history, common ancestors, the log of one path,
// and the merge of two commits. Each walks in the order of generation numbers, so that a commit is
// met after all its descendants, and stops as soon as the answer is certain.
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>
#include <variant>
#include <vector>

#include "store/backend.hpp"
#include "store/merge.hpp"

namespace stemma::store {

// The commit and its ancestors, descendants first, at most `limit`.
std::expected<std::vector<Commit>, Error> history(Backend& backend, const CommitId& from,
                                                  std::size_t limit);

// Those that changed something at or below the path against all their parents, at most `limit`.
std::expected<std::vector<Commit>, Error> log_of_path(Backend& backend, const CommitId& from,
                                                      std::string_view path, std::size_t limit);

// The common ancestors of which none is an ancestor of another; usually one, none if the two have
// nothing in common. If one commit descends from the other, as when a branch forked from a head
// that has not moved, only the commits between them are read; `read` counts them.
std::expected<std::vector<CommitId>, Error> common_ancestors(Backend& backend, const CommitId& one,
                                                             const CommitId& two,
                                                             std::size_t* read = nullptr);

// A commit of both: merges the trees on their common ancestor (the empty tree if there is none; the
// one of greatest generation, then id, if there are several). If one descends from the other, that
// is the answer. `generation` is for the nodes that the merge changes.
std::expected<CommitId, std::variant<Error, Conflicts>> merge_commits(
    Backend& backend, const CommitId& ours, const CommitId& theirs, const MergePolicy& policy,
    const Info& info, std::uint64_t generation);

}  // namespace stemma::store
