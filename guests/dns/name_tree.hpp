#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dns/label_hash.hpp"
#include "dns/name.hpp"

namespace stemma::dns {

// A name in a NameTree. Parents have smaller numbers than their children; the root is 0.
using NodeId = std::uint32_t;
inline constexpr NodeId root_node = 0;
inline constexpr NodeId no_node = UINT32_MAX;

// All names that a zone speaks of, owners as well as names in its data, as a tree of labels: 16
// bytes for each and 8 for the hash table, besides the label. A name is found by walking down from
// one that is known, one label at a time, so that a name which does not exist costs one step beyond
// its closest encloser (RFC 4592 3.3.1), however many labels it has.
class NameTree {
  public:
    explicit NameTree(const LabelHash& hash);

    // `label` in lower case; no_node if `parent` has no such child.
    NodeId child(NodeId parent, std::span<const std::uint8_t> label) const;

    NodeId parent(NodeId node) const { return nodes_[node].parent; }
    // The label in the case in which it first came; empty for the root.
    std::span<const std::uint8_t> label(NodeId node) const {
        const std::uint8_t* at = &labels_[nodes_[node].label];
        return {at + 1, *at};
    }
    // The label behind its length byte, as on the wire.
    std::span<const std::uint8_t> wire_label(NodeId node) const {
        const std::uint8_t* at = &labels_[nodes_[node].label];
        return {at, *at + 1U};
    }
    // How many labels the name has; the root has none.
    std::size_t depth(NodeId node) const { return nodes_[node].depth; }
    Name name(NodeId node) const;
    std::size_t size() const { return nodes_.size(); }
    // True if `node` is `other` or below it.
    bool is_at_or_below(NodeId node, NodeId other) const;

    // Finds or adds the name and all above it.
    NodeId add(const Name& name);
    NodeId add(std::span<const std::uint8_t> wire);

    // Gives back what add() had in reserve.
    void trim();
    std::size_t bytes() const;

  private:
    struct Node {
        NodeId parent;
        std::uint32_t label;  // where in labels_
        std::uint32_t hash;
        std::uint8_t depth;
    };
    // The table's entries hold a part of the hash, so that most others are passed over unread.
    struct Slot {
        NodeId node = no_node;
        std::uint32_t hash = 0;
    };

    void insert(NodeId node);
    void grow();

    LabelHash hash_;
    std::vector<Node> nodes_;
    std::vector<std::uint8_t> labels_;
    std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
};

}  // namespace stemma::dns
