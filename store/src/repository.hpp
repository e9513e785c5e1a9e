// A git repository, read through libgit2: refs, commits, trees and blobs as values. One thread uses
// one Repository; other processes may write to the repository meanwhile, and each call sees what
// has been published until then.
#pragma once

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "git.hpp"
#include "object_source.hpp"
#include "store/commit.hpp"
#include "store/error.hpp"

namespace stemma::store {

class Repository final : public ObjectSource {
  public:
    // Makes a bare repository, mode 0700, if there is none.
    static std::expected<Repository, Error> open_or_create(const std::filesystem::path& path);
    static std::expected<Repository, Error> open(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return path_; }

    // The commit that a ref names, through symbolic refs; absent if there is no such ref.
    std::expected<std::optional<CommitId>, Error> ref(const std::string& name);
    // All refs that begin with the prefix, sorted by name.
    std::expected<std::vector<std::pair<std::string, CommitId>>, Error> refs(
        const std::string& prefix);
    // Removes a ref that is still at `from`; false if it is not. (ref_file.hpp moves them.)
    std::expected<bool, Error> remove_ref(const std::string& name, const CommitId& from);

    bool has(const ObjectId& id);
    std::expected<Commit, Error> commit(const CommitId& id);
    // A commit by the first digits of its id, at least four.
    std::expected<CommitId, Error> commit_by_prefix(const std::string& digits);
    std::expected<ObjectId, Error> tree_of(const CommitId& id);
    std::expected<std::vector<GitTreeEntry>, Error> tree(const ObjectId& id) override;
    std::expected<std::string, Error> blob(const ObjectId& id) override;
    // An object's bytes, whatever it is.
    std::expected<std::string, Error> raw(const ObjectId& id);

  private:
    Repository(std::filesystem::path path, git::Repository repository)
        : path_(std::move(path)), repository_(std::move(repository)) {}

    std::expected<git::Commit, Error> lookup_commit(const CommitId& id);
    std::expected<std::uint64_t, Error> generation(const CommitId& id, git_commit* commit);

    std::filesystem::path path_;
    git::Repository repository_;
};

}  // namespace stemma::store
