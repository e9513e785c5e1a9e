#include "xenstored/branch.hpp"

#include <algorithm>

#include "store/children.hpp"
#include "xenstored/node_size.hpp"
#include "xenstored/place.hpp"
#include "xenstored/rights.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

namespace {

bool counts_for_nobody(std::string_view path) {
    return xs::is_same_or_below(path, special_directory);
}

std::int64_t bytes(std::size_t count) {
    return static_cast<std::int64_t>(count);
}

}  // namespace

void Branch::replaced(std::string_view path, std::size_t content) {
    constexpr std::size_t node = 256;  // with its share of the parent's list of children
    const auto depth = static_cast<std::size_t>(1 + std::ranges::count(path, '/'));
    replaced_ += node * depth + content;
}

// The parent, whose owner this is, lists one name more (1) or fewer (-1).
void Branch::count_name(DomainRef owner, std::string_view path, std::int64_t sign) {
    const std::size_t listed = xs::basename(path).size() + 1;
    tally_.add(owner, {0, sign * bytes(listed)});
}

bool Branch::take(std::expected<store::Tree, store::TreeError> changed) {
    if (changed) tree_ = std::move(*changed);
    return changed.has_value();
}

bool Branch::create(std::string_view path, store::Content content) {
    const DomainRef owner = owner_of(content.permissions);
    const std::size_t size =
        record_size(content.permissions.entries().size(), content.value.view().size(), 0);
    if (!take(std::move(tree_).create(path, std::move(content), edit()))) return false;
    replaced(path, 0);
    if (!counts_for_nobody(path)) {
        count_name(owner_of(tree_.find(xs::parent(path))->permissions()), path, 1);
        tally_.add(owner, {1, bytes(size + path.size())});
    }
    return true;
}

bool Branch::create_with_parents(std::string_view path, std::size_t existing,
                                 store::Content content) {
    // From the leaf up, then all of it put below the ancestor that exists.
    const std::size_t first = existing == 1 ? 1 : existing + 1;
    NodeTally counted;
    store::Ref<const store::Node> below;
    std::string_view at = path;
    for (;; at = xs::parent(at)) {
        const store::Edit one = edit();
        store::Node::Parts parts;
        parts.name = store::Bytes(xs::basename(at));
        if (!below) parts.value = content.value;
        parts.permissions = content.permissions;
        if (below) parts.children = store::Children().with(std::move(below));
        parts.number = one.number;
        parts.generation = one.generation;
        parts.stamp = one.stamp;
        below = store::make_counted<store::Node>(std::move(parts));
        counted.add(owner_of(content.permissions), {1, bytes(record_size(*below) + at.size())});
        if (at.find('/', first) == std::string_view::npos) break;
    }
    const store::Node* const parent = tree_.find(xs::parent(at));
    if (parent == nullptr || parent->child(xs::basename(at)) != nullptr) return false;
    const DomainRef owner = owner_of(parent->permissions());
    if (!take(std::move(tree_).graft(at, *below, edit()))) return false;
    replaced(path, 0);
    count_name(owner, at, 1);
    for (const auto& [of, use] : counted.changes())
        tally_.add(of, use);
    return true;
}

bool Branch::set_value(std::string_view path, store::Bytes value) {
    const store::Node* const node = tree_.find(path);
    if (node == nullptr) return false;
    const std::int64_t growth = bytes(value.view().size()) - bytes(node->value().size());
    const DomainRef owner = owner_of(node->permissions());
    replaced(path, node->value().size());
    if (!take(std::move(tree_).set_value(path, std::move(value), edit()))) return false;
    if (growth != 0 && !counts_for_nobody(path)) tally_.add(owner, {0, growth});
    return true;
}

bool Branch::set_permissions(std::string_view path, store::Permissions permissions) {
    const store::Node* const node = tree_.find(path);
    if (node == nullptr) return false;
    NodeTally counted = tally_;
    if (!counts_for_nobody(path)) {
        std::size_t size = record_size(*node) + path.size();
        if (path == "/" && node->child(special_directory.substr(1)) != nullptr) {
            size -= special_directory.size();
        }
        counted.add(owner_of(node->permissions()), {-1, -bytes(size)});
        size += 8 * permissions.entries().size();
        size -= 8 * node->permissions().entries().size();
        counted.add(owner_of(permissions), {1, bytes(size)});
    }
    replaced(path, 0);
    if (!take(std::move(tree_).set_permissions(path, std::move(permissions), edit()))) return false;
    tally_ = std::move(counted);
    return true;
}

bool Branch::remove(std::string_view path) {
    const store::Node* const node = tree_.find(path);
    if (node == nullptr) return false;
    NodeTally gone;
    gone.add_subtree(*node, path, 1);
    if (!take(std::move(tree_).remove(path, edit()))) return false;
    for (const auto& [owner, use] : gone.changes())
        replaced(path, static_cast<std::size_t>(use.bytes));
    if (!counts_for_nobody(path)) {
        for (const auto& [owner, use] : gone.changes())
            tally_.add(owner, {-use.nodes, -use.bytes});
        count_name(owner_of(tree_.find(xs::parent(path))->permissions()), path, -1);
    }
    return true;
}

bool Branch::graft(std::string_view path, const store::Node& subtree) {
    const store::Node* const node = tree_.find(path);
    NodeTally replacing;
    if (node != nullptr) replacing.add_subtree(*node, path, -1);
    if (!take(std::move(tree_).graft(path, subtree, edit()))) return false;
    replaced(path, 0);
    if (!counts_for_nobody(path)) {
        if (node == nullptr)
            count_name(owner_of(tree_.find(xs::parent(path))->permissions()), path, 1);
        for (const auto& [owner, use] : replacing.changes())
            tally_.add(owner, use);
        tally_.add_subtree(subtree, path, 1);
    }
    return true;
}

}  // namespace stemma::xenstored
