#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "store/node.hpp"
#include "xenstored/domain_ref.hpp"

namespace stemma::xenstored {

// Nodes that a domain owns, and their bytes as C counts them: record (node_size.hpp) and path.
struct NodeUse {
    std::int64_t nodes = 0;
    std::int64_t bytes = 0;

    bool operator==(const NodeUse&) const = default;
};

// How many nodes and bytes more (or fewer) each owner has after some edits. A flat list: edits of
// one request or transaction concern few owners. The special nodes count for nobody, as in C.
class NodeTally {
  public:
    void add(DomainRef owner, NodeUse use);
    // Counts the whole subtree at `path`, `sign` for each node.
    void add_subtree(const store::Node& top, std::string_view path, std::int64_t sign);

    NodeUse of(DomainRef owner) const;
    const std::vector<std::pair<DomainRef, NodeUse>>& changes() const { return changes_; }
    // Owners of nodes that were made, removed or given permissions, whatever came of it all.
    const std::vector<DomainRef>& counted() const { return counted_; }
    void clear() {
        changes_.clear();
        counted_.clear();
    }

  private:
    std::vector<std::pair<DomainRef, NodeUse>> changes_;
    std::vector<DomainRef> counted_;
};

// Nodes owned by each domain in the live tree: what the quotas nodes and memory are compared with.
class NodeCounts {
  public:
    NodeUse of(DomainRef owner) const;
    void apply(const NodeTally& tally);

    // Counts a tree from scratch; equal to a maintained one at every moment (tests check that).
    static NodeCounts of_tree(const store::Node& root);
    bool operator==(const NodeCounts&) const = default;

  private:
    std::unordered_map<DomainRef, NodeUse> counts_;  // no zeros kept
};

}  // namespace stemma::xenstored
