#include "xenstored/node_tally.hpp"

#include <algorithm>

#include "store/children.hpp"
#include "xenstored/node_size.hpp"
#include "xenstored/place.hpp"
#include "xenstored/rights.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

void NodeTally::add(DomainRef owner, NodeUse use) {
    if (use.nodes != 0 && std::ranges::find(counted_, owner) == counted_.end()) {
        counted_.push_back(owner);
    }
    for (auto& [domain, change] : changes_) {
        if (domain == owner) {
            change.nodes += use.nodes;
            change.bytes += use.bytes;
            return;
        }
    }
    changes_.emplace_back(owner, use);
}

void NodeTally::add_subtree(const store::Node& top, std::string_view path, std::int64_t sign) {
    struct At {
        const store::Node* node;
        std::size_t path_length;
    };
    std::vector<At> waiting{{&top, path.size()}};
    const bool is_root = path == "/";
    while (!waiting.empty()) {
        const At at = waiting.back();
        waiting.pop_back();
        const std::size_t base = is_root && at.node == &top ? 0 : at.path_length;
        std::size_t size = record_size(*at.node) + at.path_length;
        for (store::ChildCursor child(at.node->children()); child.get() != nullptr; child.next()) {
            const std::size_t name = child.get()->name().size();
            if (base == 0 && child.get()->name() == special_directory.substr(1)) {
                size -= name + 1;
            } else {
                waiting.push_back({child.get(), base + 1 + name});
            }
        }
        add(owner_of(at.node->permissions()), {sign, sign * static_cast<std::int64_t>(size)});
    }
}

NodeUse NodeTally::of(DomainRef owner) const {
    for (const auto& [domain, change] : changes_) {
        if (domain == owner) return change;
    }
    return {};
}

NodeUse NodeCounts::of(DomainRef owner) const {
    const auto found = counts_.find(owner);
    return found == counts_.end() ? NodeUse{} : found->second;
}

void NodeCounts::apply(const NodeTally& tally) {
    for (const auto& [domain, change] : tally.changes()) {
        if (change == NodeUse{}) continue;
        const auto entry = counts_.try_emplace(domain).first;
        entry->second.nodes += change.nodes;
        entry->second.bytes += change.bytes;
        if (entry->second == NodeUse{}) counts_.erase(entry);
    }
}

NodeCounts NodeCounts::of_tree(const store::Node& root) {
    NodeTally tally;
    tally.add_subtree(root, "/", 1);
    NodeCounts counts;
    counts.apply(tally);
    return counts;
}

}  // namespace stemma::xenstored
