#include "dns/name_tree.hpp"

#include <algorithm>
#include <array>

namespace stemma::dns {

NameTree::NameTree(const LabelHash& hash) : hash_(hash), slots_(16) {
    labels_.push_back(0);
    nodes_.push_back({no_node, 0, 0, 0});
}

NodeId NameTree::child(NodeId parent, std::span<const std::uint8_t> label) const {
    const auto hash = static_cast<std::uint32_t>(hash_(parent, label));
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask; slots_[at].node != no_node; at = (at + 1) & mask) {
        const Slot& slot = slots_[at];
        if (slot.hash != hash || nodes_[slot.node].parent != parent) continue;
        const auto found = this->label(slot.node);
        if (found.size() == label.size() && same_folded(found, label)) return slot.node;
    }
    return no_node;
}

bool NameTree::is_at_or_below(NodeId node, NodeId other) const {
    while (depth(node) > depth(other))
        node = parent(node);
    return node == other;
}

Name NameTree::name(NodeId node) const {
    std::array<std::uint8_t, name_max> wire{};
    std::size_t size = 0;
    for (; node != root_node; node = parent(node)) {
        const auto label = wire_label(node);
        std::copy(label.begin(), label.end(), wire.begin() + static_cast<std::ptrdiff_t>(size));
        size += label.size();
    }
    return *Name::from_wire({wire.data(), size + 1});
}

NodeId NameTree::add(const Name& name) {
    return add(name.wire());
}

NodeId NameTree::add(std::span<const std::uint8_t> wire) {
    std::array<std::uint8_t, labels_max> starts{};
    std::size_t count = 0;
    for (std::size_t at = 0; wire[at] != 0; at += wire[at] + 1U)
        starts[count++] = static_cast<std::uint8_t>(at);

    NodeId node = root_node;
    while (count > 0) {
        const std::size_t start = starts[--count];
        const auto label = wire.subspan(start, wire[start] + 1U);
        std::array<std::uint8_t, label_max> lower{};
        std::transform(label.begin() + 1, label.end(), lower.begin(), fold);
        const std::span<const std::uint8_t> folded(lower.data(), label.size() - 1);
        NodeId next = child(node, folded);
        if (next == no_node) {
            next = static_cast<NodeId>(nodes_.size());
            nodes_.push_back({node, static_cast<std::uint32_t>(labels_.size()),
                              static_cast<std::uint32_t>(hash_(node, folded)),
                              static_cast<std::uint8_t>(depth(node) + 1)});
            labels_.insert(labels_.end(), label.begin(), label.end());
            if (2 * nodes_.size() > slots_.size()) grow();
            insert(next);
        }
        node = next;
    }
    return node;
}

void NameTree::insert(NodeId node) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = nodes_[node].hash & mask;
    while (slots_[at].node != no_node)
        at = (at + 1) & mask;
    slots_[at] = {node, nodes_[node].hash};
}

void NameTree::grow() {
    slots_ = std::vector<Slot>(slots_.size() * 2);
    for (NodeId node = 1; node + 1 < nodes_.size(); ++node)
        insert(node);
}

void NameTree::trim() {
    nodes_.shrink_to_fit();
    labels_.shrink_to_fit();
}

std::size_t NameTree::bytes() const {
    return nodes_.capacity() * sizeof(Node) + labels_.capacity() + slots_.capacity() * sizeof(Slot);
}

}  // namespace stemma::dns
