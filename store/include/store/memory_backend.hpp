// Commits and heads in memory. Nothing is dropped while the backend lives: its bound is its use,
// the branches of a test or of one command.
#pragma once

#include <map>
#include <unordered_map>

#include "store/backend.hpp"

namespace stemma::store {

class MemoryBackend final : public Backend {
  public:
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
    struct Kept {
        Commit commit;
        Tree tree;
    };
    std::expected<const Kept*, Error> find(const CommitId& id) const;

    std::unordered_map<CommitId, Kept> commits_;
    std::map<std::string, CommitId, std::less<>> heads_;
};

}  // namespace stemma::store
