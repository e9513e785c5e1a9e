#include "xenstored/accesses.hpp"

#include <algorithm>

#include "xs_wire/path.hpp"

namespace stemma::xenstored {

bool Accesses::touch(std::string_view path) {
    if (order_.contains(path)) return true;
    if (order_.size() >= limit_) return false;
    bytes_ += path.size();
    order_.emplace(std::string(path), State{order_.size(), State::Kind::unchanged});
    return true;
}

void Accesses::changed(std::string_view path, bool exact) {
    const auto found = order_.find(path);
    if (found == order_.end()) return;
    if (found->second.kind == State::Kind::unchanged) ++changed_;
    if (!exact) {
        found->second.kind = State::Kind::wide;
    } else if (found->second.kind == State::Kind::unchanged) {
        found->second.kind = State::Kind::exact;
    }
}

std::vector<Accesses::Change> Accesses::changes() const {
    std::vector<const decltype(order_)::value_type*> sorted;
    sorted.reserve(changed_);
    for (const auto& entry : order_) {
        if (entry.second.kind != State::Kind::unchanged) sorted.push_back(&entry);
    }
    std::ranges::sort(sorted, {}, [](const auto* entry) { return entry->second.order; });
    std::vector<Change> changes;
    changes.reserve(sorted.size());
    for (const auto* entry : sorted) {
        const auto parent = order_.find(xs::parent(entry->first));
        const bool before_parent =
            parent != order_.end() && parent->second.order > entry->second.order;
        changes.push_back({entry->first, entry->second.kind == State::Kind::exact, before_parent});
    }
    return changes;
}

}  // namespace stemma::xenstored
