// Commits and heads in a bare git repository, in the on-disk form of store/README.md; a branch is
// refs/heads/NAME.
//
// Takes the repository's lock, so it is not for a repository that a daemon publishes into. add()
// looks at every node of the tree and writes, as one synced pack, what the repository does not
// have: it is right for any tree and as slow as the tree is large. A commit that no head names is
// `git gc`'s to remove.
#pragma once

#include <filesystem>
#include <memory>

#include "store/backend.hpp"

namespace stemma::store {

class GitBackend final : public Backend {
  public:
    // Made if absent. Busy if another owner has the repository.
    static std::expected<GitBackend, Error> open(const std::filesystem::path& repository);
    GitBackend(GitBackend&&) noexcept;
    GitBackend& operator=(GitBackend&&) noexcept;
    ~GitBackend() override;

    std::expected<CommitId, Error> add(const Tree& tree, std::span<const CommitId> parents,
                                       const Info& info) override;
    std::expected<Commit, Error> commit(const CommitId& id) override;
    std::expected<Tree, Error> tree(const CommitId& id) override;
    std::expected<std::optional<std::string>, Error> subtree_mark(const CommitId& id,
                                                                  std::string_view path) override;
    std::expected<std::optional<CommitId>, Error> head(std::string_view branch) override;
    std::expected<std::vector<std::pair<std::string, CommitId>>, Error> heads() override;
    std::expected<bool, Error> test_and_set(std::string_view branch,
                                            const std::optional<CommitId>& was,
                                            const std::optional<CommitId>& next) override;

  private:
    struct Opened;
    explicit GitBackend(std::unique_ptr<Opened> opened);
    std::unique_ptr<Opened> opened_;
};

}  // namespace stemma::store
