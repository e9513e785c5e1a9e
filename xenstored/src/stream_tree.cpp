#include "stream_tree.hpp"

#include <algorithm>
#include <utility>

#include "store/children.hpp"
#include "store/node.hpp"
#include "xenstored/node_path.hpp"
#include "xenstored/place.hpp"

namespace stemma::xenstored {

namespace {

// A node right before its children, these by name, as store::Children wants them.
bool comes_before(const std::string& a, const std::string& b) {
    return std::ranges::lexicographical_compare(
        a, b, {}, [](char c) { return c == '/' ? '\0' : c; },
        [](char c) { return c == '/' ? '\0' : c; });
}

StreamNode made(std::string path) {
    StreamNode node;
    node.path = std::move(path);
    node.permissions = {{store::Access::none, 0, 0}};
    node.own = true;  // with number 0: before those that clients see
    return node;
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
    void add(store::Node::Parts parts, std::string path) {
        open_.push_back({std::move(parts), {}, std::move(path)});
    }
    store::Tree finish() {
        while (open_.size() > 1)
            close();
        return store::Tree(node());
    }

  private:
    struct Open {
        store::Node::Parts parts;
        std::vector<store::Ref<const store::Node>> children;
        std::string path;
    };

    store::Ref<const store::Node> node() {
        Open last = std::move(open_.back());
        open_.pop_back();
        last.parts.children = store::Children(last.children);
        return store::make_counted<store::Node>(std::move(last.parts));
    }
    void close() {
        auto closed = node();
        open_.back().children.push_back(std::move(closed));
    }

    std::vector<Open> open_;
};

}  // namespace

std::expected<store::Tree, std::string> tree_of(std::vector<StreamNode> nodes,
                                                std::uint64_t& last_edit) {
    std::uint64_t last = last_edit;
    for (const StreamNode& node : nodes)
        last = std::max({last, node.generation, node.number});
    std::vector<std::string> missing{"/", std::string(special_directory),
                                     xs::join(special_directory, "@introduceDomain"),
                                     xs::join(special_directory, "@releaseDomain")};
    for (StreamNode& node : nodes) {
        if (is_special(node.path)) {
            node.path = xs::join(special_directory, node.path);
            if (std::ranges::find(missing, node.path) == missing.end()) {
                return std::unexpected("two nodes of one path, or no special node: " + node.path);
            }
        } else if (!is_valid_node_path(node.path, 0)) {
            return std::unexpected("no path: " + node.path);
        }
        std::erase(missing, node.path);
        if (!node.own) node.number = node.generation = ++last;
    }
    for (std::string& path : missing)
        nodes.push_back(made(std::move(path)));
    last_edit = last;

    std::ranges::sort(nodes, comes_before, &StreamNode::path);
    store::Permissions shared;  // most nodes have what the one before them has
    const auto parts_of = [&](StreamNode& node) {
        store::Node::Parts parts;
        parts.name = std::string(xs::basename(node.path));
        parts.value = node.value;
        if (!std::ranges::equal(shared.entries(), node.permissions)) {
            shared = store::Permissions(node.permissions);
        }
        parts.permissions = shared;
        parts.number = node.number;
        parts.generation = node.generation;
        parts.stamp = node.stamp;
        return parts;
    };
    Growing tree(parts_of(nodes.front()));
    for (std::size_t i = 1; i < nodes.size(); ++i) {
        StreamNode& node = nodes[i];
        if (node.path == nodes[i - 1].path) {
            return std::unexpected("two nodes of one path: " + node.path);
        }
        if (!tree.reach(node.path))
            return std::unexpected("a node without its parent: " + node.path);
        store::Node::Parts parts = parts_of(node);
        tree.add(std::move(parts), node.path);
    }
    return tree.finish();
}

}  // namespace stemma::xenstored
