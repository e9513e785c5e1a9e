#include "probe/report.hpp"

#include <algorithm>

namespace stemma::probe {

void Report::set(std::string_view name, std::string_view value) {
    value = value.substr(0, value_max);
    const std::string path = "data/probe/" + std::string(name);
    auto found = std::find_if(nodes_.begin(), nodes_.end(),
                              [&](const Node& node) { return node.path == path; });
    if (found == nodes_.end()) {
        if (nodes_.size() >= nodes_max) return;
        nodes_.push_back({path, std::string(value)});
    } else if (found->value != value) {
        found->value = value;
        found->dirty = true;
    }
}

rt::Instant Report::run(rt::Instant now) {
    const bool dirty =
        std::any_of(nodes_.begin(), nodes_.end(), [](const Node& node) { return node.dirty; });
    if (!dirty || !store_.connected()) return rt::Instant::never();
    if (now < next_) return next_;
    next_ = now + period;
    for (auto& node : nodes_) {
        if (node.dirty && !node.waiting) write(node);
    }
    return next_;
}

void Report::write(Node& node) {
    const bool taken = store_.write(node.path, node.value, [&node](rt::StoreResult result) {
        node.waiting = false;
        if (!result) node.dirty = true;
    });
    if (!taken) return;
    node.waiting = true;
    node.dirty = false;
}

}  // namespace stemma::probe
