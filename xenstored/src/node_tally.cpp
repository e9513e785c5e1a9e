#include "xenstored/node_tally.hpp"

#include "store/children.hpp"
#include "xenstored/rights.hpp"

namespace stemma::xenstored {

void NodeTally::add(DomainRef owner, std::int64_t count) {
    for (auto& [domain, change] : changes_) {
        if (domain == owner) {
            change += count;
            return;
        }
    }
    changes_.emplace_back(owner, count);
}

void NodeTally::add_subtree(const store::Node& top, std::int64_t sign) {
    std::vector<const store::Node*> waiting{&top};
    while (!waiting.empty()) {
        const store::Node& node = *waiting.back();
        waiting.pop_back();
        add(owner_of(node.permissions()), sign);
        for (store::ChildCursor child(node.children()); child.get() != nullptr; child.next())
            waiting.push_back(child.get());
    }
}

std::int64_t NodeTally::of(DomainRef owner) const {
    for (const auto& [domain, change] : changes_) {
        if (domain == owner) return change;
    }
    return 0;
}

std::int64_t NodeCounts::of(DomainRef owner) const {
    const auto found = counts_.find(owner);
    return found == counts_.end() ? 0 : found->second;
}

void NodeCounts::apply(const NodeTally& tally) {
    for (const auto& [domain, change] : tally.changes()) {
        if (change == 0) continue;
        const auto entry = counts_.try_emplace(domain, 0).first;
        entry->second += change;
        if (entry->second == 0) counts_.erase(entry);
    }
}

NodeCounts NodeCounts::of_tree(const store::Node& root) {
    NodeTally tally;
    tally.add_subtree(root, 1);
    NodeCounts counts;
    counts.apply(tally);
    return counts;
}

}  // namespace stemma::xenstored
