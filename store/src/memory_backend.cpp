#include "store/memory_backend.hpp"

#include <algorithm>

#include "ref_name.hpp"

namespace stemma::store {

std::expected<const MemoryBackend::Kept*, Error> MemoryBackend::find(const CommitId& id) const {
    const auto place = commits_.find(id);
    if (place != commits_.end()) return &place->second;
    return std::unexpected(
        Error{Error::Kind::not_found, "read commit", id.hex(), "there is no such commit"});
}

std::expected<CommitId, Error> MemoryBackend::add(const Tree& tree,
                                                  std::span<const CommitId> parents,
                                                  const Info& info) {
    Commit commit;
    for (const CommitId& parent : parents) {
        const auto kept = find(parent);
        if (!kept) return std::unexpected(kept.error());
        commit.parents.push_back(parent);
        commit.generation = std::max(commit.generation, (*kept)->commit.generation + 1);
    }
    commit.info = info;
    std::size_t number = commits_.size() + 1;
    for (std::size_t i = commit.id.bytes.size(); number > 0; number >>= 8) {
        commit.id.bytes[--i] = static_cast<std::uint8_t>(number & 0xff);
    }
    const CommitId id = commit.id;
    commits_.emplace(id, Kept{std::move(commit), tree});
    return id;
}

std::expected<Commit, Error> MemoryBackend::commit(const CommitId& id) {
    const auto kept = find(id);
    if (!kept) return std::unexpected(kept.error());
    return (*kept)->commit;
}

std::expected<Tree, Error> MemoryBackend::tree(const CommitId& id) {
    const auto kept = find(id);
    if (!kept) return std::unexpected(kept.error());
    return (*kept)->tree;
}

std::expected<std::optional<std::string>, Error> MemoryBackend::subtree_mark(
    const CommitId& id, std::string_view path) {
    const auto kept = find(id);
    if (!kept) return std::unexpected(kept.error());
    // The commits keep their nodes, so no other node gets the address of one.
    const Node* const node = (*kept)->tree.find(path);
    if (node == nullptr) return std::nullopt;
    return std::to_string(std::hash<const Node*>()(node));
}

std::expected<std::optional<CommitId>, Error> MemoryBackend::head(std::string_view branch) {
    const auto place = heads_.find(branch);
    return place == heads_.end() ? std::nullopt : std::optional(place->second);
}

std::expected<std::vector<std::pair<std::string, CommitId>>, Error> MemoryBackend::heads() {
    return std::vector<std::pair<std::string, CommitId>>(heads_.begin(), heads_.end());
}

std::expected<bool, Error> MemoryBackend::test_and_set(std::string_view branch,
                                                       const std::optional<CommitId>& was,
                                                       const std::optional<CommitId>& next) {
    if (!is_ref_element(branch)) {
        return std::unexpected(Error{Error::Kind::refused, "move branch", std::string(branch),
                                     "a name has 1 to 200 bytes of [A-Za-z0-9_-]"});
    }
    if (next) {
        if (const auto kept = find(*next); !kept) return std::unexpected(kept.error());
    }
    const auto place = heads_.find(branch);
    const auto now = place == heads_.end() ? std::nullopt : std::optional(place->second);
    if (now != was) return false;
    if (next) {
        heads_.insert_or_assign(std::string(branch), *next);
    } else if (place != heads_.end()) {
        heads_.erase(place);
    }
    return true;
}

}  // namespace stemma::store
