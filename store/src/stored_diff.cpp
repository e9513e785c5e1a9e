#include "stored_diff.hpp"

#include <algorithm>
#include <map>

namespace stemma::store {
namespace {

struct Pair {
    std::string parent;  // the path of the parent; of the top, its own path
    std::optional<StoredPlace> before;
    std::optional<StoredPlace> after;
};

using Read = std::expected<std::optional<StoredNode>, Error>;

Read read(ObjectSource& source, const std::optional<StoredPlace>& place) {
    if (!place) return std::nullopt;
    auto node = read_stored(source, *place);
    if (!node) return std::unexpected(std::move(node.error()));
    return std::move(*node);
}

void report(std::vector<PathChange>& changes, const std::string& path,
            const std::optional<StoredNode>& before, const std::optional<StoredNode>& after) {
    if (before && after && before->value == after->value &&
        before->permissions == after->permissions) {
        return;
    }
    PathChange change;
    change.path = path;
    change.kind = !before  ? Change::Kind::added
                  : !after ? Change::Kind::removed
                           : Change::Kind::changed;
    if (before) {
        change.old_value = before->value;
        change.old_permissions = before->permissions;
    }
    if (after) {
        change.new_value = after->value;
        change.new_permissions = after->permissions;
    }
    changes.push_back(std::move(change));
}

// The children of both, paired by entry, but for those that are the same.
void push_children(std::vector<Pair>& waiting, const std::string& path,
                   const std::optional<StoredNode>& before,
                   const std::optional<StoredNode>& after) {
    std::map<std::string, Pair> pairs;
    for (const auto* side : {&before, &after}) {
        if (!*side) continue;
        for (const GitTreeEntry& entry : (*side)->children) {
            Pair& pair = pairs[entry.name];
            (side == &before ? pair.before : pair.after) =
                StoredPlace{entry.name, entry.id, entry.is_tree, (*side)->permissions};
        }
    }
    for (auto& [name, pair] : pairs) {
        if (pair.before && pair.after && pair.before->id == pair.after->id &&
            pair.before->is_tree == pair.after->is_tree &&
            pair.before->inherited == pair.after->inherited) {
            continue;
        }
        pair.parent = path;
        waiting.push_back(std::move(pair));
    }
}

}  // namespace

std::expected<std::vector<PathChange>, Error> stored_diff(ObjectSource& source, std::string path,
                                                          std::optional<StoredPlace> before,
                                                          std::optional<StoredPlace> after) {
    std::vector<PathChange> changes;
    std::vector<Pair> waiting;
    waiting.push_back({std::move(path), std::move(before), std::move(after)});
    for (bool top = true; !waiting.empty(); top = false) {
        const Pair pair = std::move(waiting.back());
        waiting.pop_back();
        const Read one = read(source, pair.before);
        if (!one) return std::unexpected(one.error());
        const Read two = read(source, pair.after);
        if (!two) return std::unexpected(two.error());
        if (!*one && !*two) continue;
        std::string here = pair.parent;
        if (!top) {
            if (!here.ends_with('/')) here += '/';
            here += (*one ? *one : *two)->name;
        }
        report(changes, here, *one, *two);
        push_children(waiting, here, *one, *two);
    }
    std::ranges::sort(changes, {}, &PathChange::path);
    return changes;
}

}  // namespace stemma::store
