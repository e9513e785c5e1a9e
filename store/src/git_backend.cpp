#include "store/git_backend.hpp"

#include <algorithm>

#include "commit_text.hpp"
#include "object_writer.hpp"
#include "pack_writer.hpp"
#include "ref_file.hpp"
#include "ref_name.hpp"
#include "repository.hpp"
#include "repository_lock.hpp"
#include "tree_loader.hpp"

namespace stemma::store {
namespace {

const std::string heads_prefix = "refs/heads/";

// Writes only what the repository does not have.
class MissingObjects final : public ObjectSink {
  public:
    MissingObjects(Repository& repository, PackWriter& pack)
        : repository_(repository), pack_(pack) {}

    std::expected<ObjectId, Error> put(ObjectKind kind, std::string_view bytes) override {
        auto id = object_id(kind, bytes);
        if (!id || repository_.has(*id)) return id;
        return pack_.put(kind, bytes);
    }

  private:
    Repository& repository_;
    PackWriter& pack_;
};

}  // namespace

struct GitBackend::Opened {
    RepositoryLock lock;
    Repository repository;
};

GitBackend::GitBackend(std::unique_ptr<Opened> opened) : opened_(std::move(opened)) {}
GitBackend::GitBackend(GitBackend&&) noexcept = default;
GitBackend& GitBackend::operator=(GitBackend&&) noexcept = default;
GitBackend::~GitBackend() = default;

std::expected<GitBackend, Error> GitBackend::open(const std::filesystem::path& path) {
    auto repository = Repository::open_or_create(path);
    if (!repository) return std::unexpected(std::move(repository.error()));
    auto lock = RepositoryLock::take(path);
    if (!lock) return std::unexpected(std::move(lock.error()));
    return GitBackend(std::make_unique<Opened>(Opened{std::move(*lock), std::move(*repository)}));
}

std::expected<CommitId, Error> GitBackend::add(const Tree& tree, std::span<const CommitId> parents,
                                               const Info& info) {
    Repository& repository = opened_->repository;
    std::uint64_t generation = 1;
    for (const CommitId& parent : parents) {
        const auto commit = repository.commit(parent);
        if (!commit) return std::unexpected(commit.error());
        generation = std::max(generation, commit->generation + 1);
    }
    PackWriter pack(real_disk(), repository.path(), std::string(kept_group), nullptr);
    MissingObjects missing(repository, pack);
    ObjectWriter writer(0);
    const auto root =
        writer.write_root(missing, tree.root(), ObjectWriter::Place::whole_tree, false);
    if (!root) return std::unexpected(root.error());
    const auto id = missing.put(ObjectKind::commit, commit_text(*root, parents, info, generation));
    if (!id) return std::unexpected(id.error());
    if (auto done = pack.finish(); !done) return std::unexpected(std::move(done.error()));
    return CommitId{*id};
}

std::expected<Commit, Error> GitBackend::commit(const CommitId& id) {
    return opened_->repository.commit(id);
}

std::expected<Tree, Error> GitBackend::tree(const CommitId& id) {
    const auto root = opened_->repository.tree_of(id);
    if (!root) return std::unexpected(root.error());
    const auto commit = opened_->repository.commit(id);
    if (!commit) return std::unexpected(commit.error());
    auto node = load_root(opened_->repository, *root, {commit->info.when, 0, Operation::load});
    if (!node) return std::unexpected(std::move(node.error()));
    return Tree(std::move(*node));
}

std::expected<std::optional<std::string>, Error> GitBackend::subtree_mark(const CommitId& id,
                                                                          std::string_view path) {
    const auto root = opened_->repository.tree_of(id);
    if (!root) return std::unexpected(root.error());
    const auto place = find_stored(opened_->repository, *root, path);
    if (!place) return std::unexpected(place.error());
    if (!*place) return std::nullopt;
    const auto& [entry, object, is_tree, inherited] = **place;
    return CommitId{object}.hex() + (is_tree ? " tree " : " blob ") + inherited.text();
}

std::expected<std::optional<CommitId>, Error> GitBackend::head(std::string_view branch) {
    if (!is_ref_element(branch)) return std::nullopt;
    return opened_->repository.ref(heads_prefix + std::string(branch));
}

std::expected<std::vector<std::pair<std::string, CommitId>>, Error> GitBackend::heads() {
    auto refs = opened_->repository.refs(heads_prefix);
    if (!refs) return refs;
    for (auto& [name, id] : *refs)
        name.erase(0, heads_prefix.size());
    return refs;
}

std::expected<bool, Error> GitBackend::test_and_set(std::string_view branch,
                                                    const std::optional<CommitId>& was,
                                                    const std::optional<CommitId>& next) {
    if (!is_ref_element(branch)) {
        return std::unexpected(Error{Error::Kind::refused, "move branch", std::string(branch),
                                     "a name has 1 to 200 bytes of [A-Za-z0-9_-]"});
    }
    const std::string name = heads_prefix + std::string(branch);
    Repository& repository = opened_->repository;
    if (next) return move_ref_file(real_disk(), repository, name, was, *next);
    if (was) return repository.remove_ref(name, *was);
    const auto there = repository.ref(name);
    if (!there) return std::unexpected(there.error());
    return !*there;
}

}  // namespace stemma::store
