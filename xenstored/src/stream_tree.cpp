#include "stream_tree.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "store/children.hpp"
#include "store/node.hpp"
#include "xenstored/node_path.hpp"
#include "xenstored/place.hpp"

namespace stemma::xenstored {

namespace {

// A node right before what is below it.
bool comes_before(const StreamNode* a, const StreamNode* b) {
    const auto order = [](char c) { return c == '/' ? '\0' : c; };
    return std::ranges::lexicographical_compare(a->path, b->path, {}, order, order);
}

// Whether each comes after its parent, with nothing between that is not below that.
bool is_preorder(const std::vector<StreamNode*>& nodes) {
    std::vector<std::string_view> open{"/"};
    for (const StreamNode* node : nodes) {
        const std::string_view parent = xs::parent(node->path);
        while (!open.empty() && open.back() != parent)
            open.pop_back();
        if (open.empty()) return false;
        open.push_back(node->path);
    }
    return true;
}

// The nodes on the way from the root to the last one that was added.
class Growing {
  public:
    explicit Growing(store::Node::Parts root) { open_.push_back({std::move(root), {}, "/"}); }

    // Whether `path` lies right below one of them; closes those that it is not below.
    bool reach(std::string_view path) {
        const std::string_view parent = xs::parent(path);
        while (open_.size() > 1 && open_.back().path != parent)
            close();
        return open_.back().path == parent;
    }
    void add(store::Node::Parts parts, std::string_view path) {
        open_.push_back({std::move(parts), {}, path});
    }
    store::Tree finish() {
        while (open_.size() > 1)
            close();
        return store::Tree(node());
    }
    // A path that two nodes had.
    const std::string& twice() const { return twice_; }

  private:
    struct Open {
        store::Node::Parts parts;
        std::vector<store::Ref<const store::Node>> children;
        std::string_view path;
    };

    store::Ref<const store::Node> node() {
        Open last = std::move(open_.back());
        open_.pop_back();
        const auto name = [](const auto& child) { return child->name(); };
        std::ranges::sort(last.children, {}, name);
        const auto same = std::ranges::adjacent_find(last.children, {}, name);
        if (same != last.children.end()) twice_ = xs::join(last.path, (*same)->name());
        if (twice_.empty()) last.parts.children = store::Children(last.children);
        return store::make_counted<store::Node>(std::move(last.parts));
    }
    void close() {
        auto closed = node();
        open_.back().children.push_back(std::move(closed));
    }

    std::vector<Open> open_;
    std::string twice_;
};

// What a tree has in any case, with number 0: before those that clients see.
class Always {
  public:
    static StreamNode made(std::string_view path) {
        StreamNode node;
        node.path = path;
        node.permissions = {{store::Access::none, 0, 0}};
        node.own = true;
        return node;
    }
    StreamNode root = made("/");
    StreamNode special = made(special_directory);
    std::array<StreamNode, 2> events{made("/.special/@introduceDomain"),
                                     made("/.special/@releaseDomain")};
};

}  // namespace

std::expected<store::Tree, std::string> tree_of(std::vector<StreamNode> nodes,
                                                std::uint64_t& last_edit) {
    std::uint64_t last = last_edit;
    for (const StreamNode& node : nodes)
        last = std::max({last, node.generation, node.number});
    Always always;
    StreamNode* root = &always.root;
    std::array<StreamNode*, 2> events{&always.events[0], &always.events[1]};
    std::vector<StreamNode*> order;
    order.reserve(nodes.size() + 3);
    for (StreamNode& node : nodes) {
        if (!node.own) node.number = node.generation = ++last;
        if (is_special(node.path)) {
            const auto place = std::ranges::find_if(events, [&](const StreamNode* event) {
                return xs::basename(event->path) == node.path;
            });
            if (place == events.end()) {
                return std::unexpected("two nodes of one path, or no special node: " +
                                       std::string(node.path));
            }
            node.path = std::exchange(*place, &node)->path;
        } else if (!is_valid_node_path(node.path, 0)) {
            return std::unexpected("no path: " + std::string(node.path));
        } else if (node.path != "/") {
            order.push_back(&node);
        } else if (std::exchange(root, &node) != &always.root) {
            return std::unexpected("two nodes of one path: /");
        }
    }
    last_edit = last;
    order.push_back(&always.special);
    order.insert(order.end(), events.begin(), events.end());
    if (!is_preorder(order)) std::ranges::sort(order, comes_before);

    store::Permissions shared;  // most nodes have what the one before them has
    const auto parts_of = [&](const StreamNode& node) {
        store::Node::Parts parts;
        parts.name = store::Bytes(xs::basename(node.path));
        parts.value = store::Bytes(node.value);
        if (!std::ranges::equal(shared.entries(), node.permissions)) {
            shared = store::Permissions({node.permissions.data(), node.permissions.size()});
        }
        parts.permissions = shared;
        parts.number = node.number;
        parts.generation = node.generation;
        parts.stamp = node.stamp;
        return parts;
    };
    Growing tree(parts_of(*root));
    for (const StreamNode* node : order) {
        if (!tree.reach(node->path)) {
            return std::unexpected("a node without its parent: " + std::string(node->path));
        }
        tree.add(parts_of(*node), node->path);
    }
    store::Tree whole = tree.finish();
    if (!tree.twice().empty()) return std::unexpected("two nodes of one path: " + tree.twice());
    return whole;
}

}  // namespace stemma::xenstored
