#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/node.hpp"
#include "xenstored/domain_ref.hpp"

namespace stemma::xenstored {

// How many nodes more (or fewer) each owner has after some edits. A flat list: edits of one request
// or transaction concern few owners.
class NodeTally {
  public:
    void add(DomainRef owner, std::int64_t count);
    // Counts the whole subtree, `sign` for each node.
    void add_subtree(const store::Node& top, std::int64_t sign);

    std::int64_t of(DomainRef owner) const;
    const std::vector<std::pair<DomainRef, std::int64_t>>& changes() const { return changes_; }
    void clear() { changes_.clear(); }

  private:
    std::vector<std::pair<DomainRef, std::int64_t>> changes_;
};

// Nodes owned by each domain in the live tree: what the node quota is compared with.
class NodeCounts {
  public:
    std::int64_t of(DomainRef owner) const;
    void apply(const NodeTally& tally);

    // Counts a tree from scratch; equal to a maintained one at every moment (tests check that).
    static NodeCounts of_tree(const store::Node& root);
    bool operator==(const NodeCounts&) const = default;

  private:
    std::unordered_map<DomainRef, std::int64_t> counts_;  // no zeros kept
};

}  // namespace stemma::xenstored
