// The typed three-way merge: what theirs changed since base, done to ours.
//
//     auto merged = merge(base, ours, theirs, MergePolicy::network_state(), generation);
//     if (!merged) for (const Conflict& conflict : merged.error().paths) ...
//
// One-sided changes are taken. Where both sides changed a value, the rule of the policy whose
// pattern is the first to match the path joins them; permissions that both changed, to different
// ones, are a conflict. Where one side removed a subtree in which the other changed or added nodes,
// each of these is put to its rule: by merge_conflict it is a conflict, and one that survives keeps
// its ancestors. Cost follows the changes of theirs and where they meet ours (with claims, the
// changes of ours as well).
//
// Numbering: a node keeps the number it has in the version it is taken from; of two added on both
// sides, ours. Merged nodes, and directories whose child list the merge changed, get `generation`
// and the later of both stamps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "store/diff.hpp"
#include "store/merge_function.hpp"
#include "store/path_pattern.hpp"
#include "store/tree.hpp"

namespace stemma::store {

class MergePolicy {
  public:
    struct Rule {
        PathPattern pattern;
        MergeFunction function;
    };

    // Nodes below one directory that matches each claim something, and no two of them the same:
    // one that ours added or changed and one that theirs did are a conflict if they do.
    struct Claims {
        PathPattern directory;                              // without "**"
        std::string_view (*claim)(std::string_view value);  // empty for none
    };

    MergePolicy() = default;  // every two-sided change is a conflict: XenStore's own rule
    explicit MergePolicy(std::vector<Rule> rules, std::vector<Claims> claims = {})
        : rules_(std::move(rules)), claims_(std::move(claims)) {}

    // /local/domain/*/data/net: ARP entries and NAT mappings by later expiry, two mappings of one
    // outside endpoint being a conflict; the DNS cache by rank and expiry, leases by client and
    // end, ports of bridges as sets, stats as counters. All else conflicts.
    static MergePolicy network_state();

    MergeFunction function_for(std::string_view path) const;
    const std::vector<Claims>& claims() const { return claims_; }

  private:
    std::vector<Rule> rules_;
    std::vector<Claims> claims_;
};

struct Conflict {
    std::string path;
    std::string why;  // "changed on both sides", "permissions changed on both sides", ...

    bool operator==(const Conflict&) const = default;
};

struct Conflicts {
    static constexpr std::size_t listed = 64;

    std::vector<Conflict> paths;  // the first `listed` of them, in path order
    std::size_t count = 0;        // all

    std::string text() const;  // "/a/b: changed on both sides (and 3 more)"
};

std::expected<Tree, Conflicts> merge(const Tree& base, const Tree& ours, const Tree& theirs,
                                     const MergePolicy& policy, std::uint64_t generation,
                                     Visited* visited = nullptr);

}  // namespace stemma::store
