#include "store/merge.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "child_pair.hpp"

namespace stemma::store {
namespace {

// One node as the three versions have it; null where it is absent.
struct Triple {
    const Node* base = nullptr;
    const Node* ours = nullptr;
    const Node* theirs = nullptr;
};

// A directory whose children differ between base and theirs; ours is there.
struct Frame {
    ChildPair changes;
    const Node* ours;
    const Node* theirs;
    std::size_t path_size;
};

class Merge {
  public:
    Merge(const Tree& ours, const MergePolicy& policy, std::uint64_t generation, Visited& visited)
        : result_(ours), policy_(policy), generation_(generation), visited_(visited) {}

    std::expected<Tree, Conflicts> run(const Triple& roots) {
        path_ = "/";
        join(roots);
        while (!stack_.empty()) {
            Frame& frame = stack_.back();
            path_.resize(frame.path_size);
            Triple child;
            if (!frame.changes.next(child.base, child.theirs)) {
                stack_.pop_back();
                continue;
            }
            const auto name = (child.base ? child.base : child.theirs)->name();
            path_.append("/").append(name);
            child.ours = frame.ours->child(name);
            ++visited_.nodes;
            directory_stamp_ = std::max(frame.ours->stamp(), frame.theirs->stamp());
            ours_stamp_ = frame.ours->stamp();
            theirs_stamp_ = frame.theirs->stamp();
            join(child);
        }
        if (conflicts_.count == 0) check_claims(roots);
        if (conflicts_.count > 0) {
            std::ranges::sort(conflicts_.paths, {}, &Conflict::path);
            return std::unexpected(std::move(conflicts_));
        }
        return std::move(result_);
    }

  private:
    void join(const Triple& node) {
        if (node.ours == node.theirs || node.base == node.theirs) return;
        if (node.ours == node.base) return take_theirs(node);
        if (node.ours && node.theirs) return join_both(node);
        survivors(node);
    }

    void take_theirs(const Triple& node) {
        if (path_ == "/") {
            result_ = Tree(Ref<const Node>::share(node.theirs));
        } else if (node.theirs) {
            apply(
                result_.graft(path_, *node.theirs, edit(directory_stamp_, node.theirs->number())));
        } else {
            apply(result_.remove(path_, edit(directory_stamp_)));
        }
    }

    void join_both(const Triple& node) {
        const Bytes& ours = node.ours->parts().value;
        const Bytes& theirs = node.theirs->parts().value;
        const bool theirs_changed = !node.base || theirs != node.base->parts().value;
        const bool ours_changed = !node.base || ours != node.base->parts().value;
        Content content{ours, node.ours->permissions()};
        if (theirs_changed && ours_changed) {
            auto merged =
                ask(node.base, node.ours, node.theirs, node.ours->stamp(), node.theirs->stamp());
            if (!merged) return conflict(merged.error());
            content.value = Bytes(merged->value_or(""));
        } else if (theirs_changed) {
            content.value = theirs;
        }
        if (!join_permissions(node, content.permissions)) return;
        if (content.value != ours || content.permissions != node.ours->permissions()) {
            const auto stamp = std::max(node.ours->stamp(), node.theirs->stamp());
            apply(result_.update(path_, std::move(content), edit(stamp)));
        }
        const auto size = path_ == "/" ? 0 : path_.size();
        stack_.push_back(
            {ChildPair(node.base, node.theirs, visited_), node.ours, node.theirs, size});
    }

    bool join_permissions(const Triple& node, Permissions& permissions) {
        const Permissions& theirs = node.theirs->permissions();
        if (permissions == theirs) return true;
        if (node.base && theirs == node.base->permissions()) return true;
        if (node.base && permissions == node.base->permissions()) {
            permissions = theirs;
            return true;
        }
        if (policy_.function_for(path_) == merge_last_writer) {
            if (node.theirs->stamp() > node.ours->stamp()) permissions = theirs;
            return true;
        }
        conflict("permissions changed on both sides");
        return false;
    }

    // One side removed the node. What the other changed or added in it is put to the rules; what is
    // left of it after that is all that stays.
    void survivors(const Triple& node) {
        struct Survivor {
            std::string path;
            std::string value;
        };
        const bool kept_ours = node.ours != nullptr;
        const Node* const kept = kept_ours ? node.ours : node.theirs;
        const std::string top = path_;
        std::vector<Survivor> left;
        diff(
            node.base, kept, top,
            [&](const Change& change) {
                if (change.after == nullptr) return;
                path_ = change.path;
                const Stamp stamp = change.after->stamp();
                auto merged = kept_ours
                                  ? ask(change.before, change.after, nullptr, stamp, theirs_stamp_)
                                  : ask(change.before, nullptr, change.after, ours_stamp_, stamp);
                if (!merged) {
                    conflict(change.before ? "changed here, removed there"
                                           : "added in what the other side removed");
                } else if (*merged) {
                    left.push_back({path_, std::move(**merged)});
                }
            },
            &visited_);
        path_ = top;
        if (kept_ours) apply(result_.remove(top, edit(directory_stamp_)));
        for (const Survivor& survivor : left) {
            revive(*kept, top, survivor.path);
            const Node* const there = result_.find(survivor.path);
            if (there != nullptr && there->value() != survivor.value) {
                apply(result_.set_value(survivor.path, survivor.value, edit(there->stamp())));
            }
        }
    }

    void check_claims(const Triple& roots) {
        if (policy_.claims().empty() || roots.base == roots.theirs) return;
        // What theirs claims anew, by directory and claim.
        std::map<std::string, std::map<std::string, std::string, std::less<>>> claimed;
        const auto claim_of = [&](const Change& change, const MergePolicy::Claims& claims) {
            return change.after ? claims.claim(change.after->value()) : std::string_view();
        };
        diff(
            roots.base, roots.theirs, "/",
            [&](const Change& change) {
                for (const auto& claims : policy_.claims()) {
                    const auto directory = claims.directory.matching_ancestor(change.path);
                    const auto claim = claim_of(change, claims);
                    if (directory.empty() || directory == change.path || claim.empty()) continue;
                    claimed[std::string(directory)].emplace(claim, change.path);
                }
            },
            &visited_);
        for (const auto& [directory, paths] : claimed) {
            const auto at = [&](const Node* root) { return Tree(share(root)).find(directory); };
            const auto& claims = *std::ranges::find_if(policy_.claims(), [&](const auto& one) {
                return one.directory.matches(directory);
            });
            const Node* const ours = at(roots.ours);
            if (ours == nullptr || ours == at(roots.base)) continue;
            diff(
                at(roots.base), ours, directory,
                [&](const Change& change) {
                    const auto theirs = paths.find(claim_of(change, claims));
                    if (theirs == paths.end() || theirs->second == change.path) return;
                    if (!still_claims(change.path, theirs->first, claims) ||
                        !still_claims(theirs->second, theirs->first, claims)) {
                        return;
                    }
                    path_ = change.path;
                    conflict("claims " + theirs->first + ", as " + theirs->second + " does");
                },
                &visited_);
        }
    }

    bool still_claims(std::string_view path, std::string_view claim,
                      const MergePolicy::Claims& claims) const {
        const Node* const node = result_.find(path);
        return node != nullptr && claims.claim(node->value()) == claim;
    }

    static Ref<const Node> share(const Node* node) { return Ref<const Node>::share(node); }

    // Makes the nodes from `top` down to `path` that are missing, as `kept`, the node at `top`, has
    // them.
    void revive(const Node& kept, const std::string& top, const std::string& path) {
        const Node* node = &kept;
        for (std::size_t end = top.size();;) {
            const std::string_view here(path.data(), end);
            if (result_.find(here) == nullptr) {
                Edit own{node->stamp(), generation_, node->number()};
                apply(result_.create(here, {node->parts().value, node->permissions()}, own));
            }
            if (end == path.size()) return;
            const std::size_t start = end + 1;
            end = std::min(path.find('/', start), path.size());
            node = node->child(std::string_view(path).substr(start, end - start));
        }
    }

    Merged ask(const Node* base, const Node* ours, const Node* theirs, const Stamp& ours_stamp,
               const Stamp& theirs_stamp) const {
        const auto value = [](const Node* node) {
            return node ? std::optional(node->value()) : std::nullopt;
        };
        return policy_.function_for(path_)(
            {value(base), value(ours), value(theirs), ours_stamp, theirs_stamp});
    }

    Edit edit(const Stamp& stamp, std::uint64_t number = 0) const {
        return {stamp, generation_, number};
    }

    void conflict(std::string_view why) {
        ++conflicts_.count;
        if (conflicts_.paths.size() < Conflicts::listed) {
            conflicts_.paths.push_back({path_, std::string(why)});
        }
    }

    // Edits fail only where a conflict above has been noted, and then the result is not used.
    void apply(std::expected<Tree, TreeError> edited) {
        if (edited) result_ = std::move(*edited);
    }

    Tree result_;
    const MergePolicy& policy_;
    const std::uint64_t generation_;
    Visited& visited_;
    std::vector<Frame> stack_;
    std::string path_;
    Stamp directory_stamp_;  // of the directory around path_: the later of both sides'
    Stamp ours_stamp_;
    Stamp theirs_stamp_;
    Conflicts conflicts_;
};

}  // namespace

std::expected<Tree, Conflicts> merge(const Tree& base, const Tree& ours, const Tree& theirs,
                                     const MergePolicy& policy, std::uint64_t generation,
                                     Visited* visited) {
    Visited own;
    return Merge(ours, policy, generation, visited ? *visited : own)
        .run({&base.root(), &ours.root(), &theirs.root()});
}

}  // namespace stemma::store
