// Where commits and heads are kept: in memory (memory_backend.hpp) or in a git repository
// (git_backend.hpp). One thread uses one backend.
//
// The daemon's own history goes through Publisher instead, which is built to be fast and to lag;
// this is the plain interface, for tools and tests.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/commit.hpp"
#include "store/error.hpp"
#include "store/tree.hpp"

namespace stemma::store {

class Backend {
  public:
    virtual ~Backend() = default;

    // A commit that no head names yet.
    virtual std::expected<CommitId, Error> add(const Tree& tree, std::span<const CommitId> parents,
                                               const Info& info) = 0;
    virtual std::expected<Commit, Error> commit(const CommitId& id) = 0;
    virtual std::expected<Tree, Error> tree(const CommitId& id) = 0;

    // Names the node at the path with all below it: equal in two commits if that is the same.
    // Absent if there is no such node.
    virtual std::expected<std::optional<std::string>, Error> subtree_mark(
        const CommitId& id, std::string_view path) = 0;

    // A branch is its head. Its name: 1 to 200 bytes of [A-Za-z0-9_-].
    virtual std::expected<std::optional<CommitId>, Error> head(std::string_view branch) = 0;
    virtual std::expected<std::vector<std::pair<std::string, CommitId>>, Error> heads() = 0;
    // The only way a head moves: from `was` (absent: there is no such branch) to `next` (absent: it
    // is removed). False, and nothing done, if it is not at `was`.
    virtual std::expected<bool, Error> test_and_set(std::string_view branch,
                                                    const std::optional<CommitId>& was,
                                                    const std::optional<CommitId>& next) = 0;
};

}  // namespace stemma::store
