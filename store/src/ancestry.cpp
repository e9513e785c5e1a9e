#include "store/ancestry.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace stemma::store {
namespace {

// Commits still to be met, greatest generation first, each once, with flags that add up on the way.
class Frontier {
  public:
    explicit Frontier(Backend& backend) : backend_(backend) {}

    std::expected<void, Error> add(const CommitId& id, unsigned flags) {
        const auto known = generations_.find(id);
        if (known != generations_.end()) {
            waiting_[{known->second, id}].flags |= flags;
            return {};
        }
        auto commit = backend_.commit(id);
        if (!commit) return std::unexpected(std::move(commit.error()));
        const std::uint64_t generation = commit->generation;
        generations_.emplace(id, generation);
        waiting_.emplace(std::pair(generation, id), Met{std::move(*commit), flags});
        return {};
    }

    struct Met {
        Commit commit;
        unsigned flags = 0;
    };
    std::optional<Met> next() {
        if (waiting_.empty()) return std::nullopt;
        auto last = std::prev(waiting_.end());
        Met met = std::move(last->second);
        waiting_.erase(last);
        return met;
    }
    bool all_have(unsigned flag) const {
        return std::ranges::all_of(waiting_,
                                   [&](const auto& entry) { return entry.second.flags & flag; });
    }
    std::size_t read() const { return generations_.size(); }

  private:
    Backend& backend_;
    std::map<std::pair<std::uint64_t, CommitId>, Met> waiting_;
    std::unordered_map<CommitId, std::uint64_t> generations_;
};

std::expected<bool, Error> changed_path(Backend& backend, const Commit& commit,
                                        std::string_view path) {
    const auto here = backend.subtree_mark(commit.id, path);
    if (!here) return std::unexpected(here.error());
    if (commit.parents.empty()) return here->has_value();
    for (const CommitId& parent : commit.parents) {
        const auto there = backend.subtree_mark(parent, path);
        if (!there) return std::unexpected(there.error());
        if (*there == *here) return false;
    }
    return true;
}

}  // namespace

std::expected<std::vector<Commit>, Error> log_of_path(Backend& backend, const CommitId& from,
                                                      std::string_view path, std::size_t limit) {
    std::vector<Commit> commits;
    Frontier frontier(backend);
    if (auto added = frontier.add(from, 0); !added) {
        return std::unexpected(std::move(added.error()));
    }
    while (commits.size() < limit) {
        auto met = frontier.next();
        if (!met) break;
        for (const CommitId& parent : met->commit.parents) {
            if (auto added = frontier.add(parent, 0); !added) {
                return std::unexpected(std::move(added.error()));
            }
        }
        const auto changed = path.empty() ? std::expected<bool, Error>(true)
                                          : changed_path(backend, met->commit, path);
        if (!changed) return std::unexpected(changed.error());
        if (*changed) commits.push_back(std::move(met->commit));
    }
    return commits;
}

std::expected<std::vector<Commit>, Error> history(Backend& backend, const CommitId& from,
                                                  std::size_t limit) {
    return log_of_path(backend, from, "", limit);
}

std::expected<std::vector<CommitId>, Error> common_ancestors(Backend& backend, const CommitId& one,
                                                             const CommitId& two,
                                                             std::size_t* read) {
    constexpr unsigned of_one = 1;
    constexpr unsigned of_two = 2;
    constexpr unsigned below_common = 4;
    std::vector<CommitId> common;
    Frontier frontier(backend);
    const std::array<std::pair<CommitId, unsigned>, 2> starts{{{one, of_one}, {two, of_two}}};
    for (const auto& [id, flag] : starts) {
        if (auto added = frontier.add(id, flag); !added) {
            return std::unexpected(std::move(added.error()));
        }
    }
    // All that is left below what was found can only be older common ancestors.
    while (!frontier.all_have(below_common)) {
        auto met = frontier.next();
        if (!met) break;
        unsigned flags = met->flags;
        if ((flags & (of_one | of_two)) == (of_one | of_two)) {
            if (!(flags & below_common)) common.push_back(met->commit.id);
            flags |= below_common;
            // With nothing else to meet there is no need to read what lies below.
            if (frontier.all_have(below_common)) break;
        }
        for (const CommitId& parent : met->commit.parents) {
            if (auto added = frontier.add(parent, flags); !added) {
                return std::unexpected(std::move(added.error()));
            }
        }
    }
    if (read) *read = frontier.read();
    return common;
}

std::expected<CommitId, std::variant<Error, Conflicts>> merge_commits(
    Backend& backend, const CommitId& ours, const CommitId& theirs, const MergePolicy& policy,
    const Info& info, std::uint64_t generation) {
    const auto common = common_ancestors(backend, ours, theirs);
    if (!common) return std::unexpected(common.error());
    Tree base;
    if (!common->empty()) {
        // They were met greatest generation, then greatest id, first.
        if (common->front() == theirs) return ours;
        if (common->front() == ours) return theirs;
        auto tree = backend.tree(common->front());
        if (!tree) return std::unexpected(std::move(tree.error()));
        base = std::move(*tree);
    }
    const auto our_tree = backend.tree(ours);
    if (!our_tree) return std::unexpected(our_tree.error());
    const auto their_tree = backend.tree(theirs);
    if (!their_tree) return std::unexpected(their_tree.error());
    auto merged = merge(base, *our_tree, *their_tree, policy, generation);
    if (!merged) return std::unexpected(std::move(merged.error()));
    const std::array parents{ours, theirs};
    const auto id = backend.add(*merged, parents, info);
    if (!id) return std::unexpected(id.error());
    return *id;
}

}  // namespace stemma::store
