#include "store/tree.hpp"

#include <array>
#include <boost/container/small_vector.hpp>

namespace stemma::store {
namespace {

// Takes the first element off "/a/b": "a", leaving "/b"; empty at the end.
std::string_view next_element(std::string_view& rest) {
    while (rest.starts_with('/'))
        rest.remove_prefix(1);
    const std::string_view element = rest.substr(0, rest.find('/'));
    rest.remove_prefix(element.size());
    return element;
}

// The nodes from the root down to the one at `path`, as far as they exist; the first `own` of them
// may be changed where they are.
struct Spine {
    Spine(const Node& root, std::string_view path) {
        bool sole = true;
        push(root, sole);
        for (auto name = next_element(path); !name.empty(); name = next_element(path)) {
            const Children& children = nodes.back()->children();
            const Node* const child = sole ? children.find(name, sole) : children.find(name);
            if (child == nullptr) {
                missing = name;
                missing_is_last = path.empty();
                return;
            }
            push(*child, sole);
        }
    }

    bool complete() const { return missing.empty(); }
    const Node& last() const { return *nodes.back(); }
    bool owns(std::size_t depth) const { return depth < own; }
    // Only of a node that it owns. No node was made const.
    Node& change(std::size_t depth) const { return const_cast<Node&>(*nodes[depth]); }

    boost::container::small_vector<const Node*, 16> nodes;
    std::size_t own = 0;
    std::string_view missing;
    bool missing_is_last = false;

  private:
    void push(const Node& node, bool& sole) {
        sole = sole && node.is_private();
        own += sole;
        nodes.push_back(&node);
    }
};

// Puts `node` in place of spine.nodes[depth] and copies the spine above, as far as it is shared.
Tree rebuilt(const Spine& spine, std::size_t depth, Ref<const Node> node, Ref<const Node> root) {
    while (depth > 0) {
        if (spine.owns(--depth)) {
            spine.change(depth).put_child(std::move(node));
            return Tree(std::move(root));
        }
        const Node& parent = *spine.nodes[depth];
        Node::Parts parts = parent.parts();
        parts.children = parts.children.with(std::move(node));
        node = parent.with_parts(std::move(parts), true);
    }
    return Tree(std::move(node));
}

// The node at `depth` with another list of children.
Tree with_list(const Spine& spine, std::size_t depth, Children children, const Edit& edit,
               Ref<const Node> root) {
    if (spine.owns(depth)) {
        Node& parent = spine.change(depth);
        parent.set_children(std::move(children), false);
        parent.set_stamp(edit.generation, edit.stamp);
        return Tree(std::move(root));
    }
    const Node& parent = *spine.nodes[depth];
    Node::Parts parts = parent.parts();
    parts.children = std::move(children);
    parts.generation = edit.generation;
    parts.stamp = edit.stamp;
    return rebuilt(spine, depth, parent.with_parts(std::move(parts), false), std::move(root));
}

// An edit that leaves the node's generation and stamp as they are.
Edit as_it_is(const Node& node) {
    return {node.stamp(), node.generation(), node.number()};
}

Tree with_new_child(const Spine& spine, Ref<const Node> child, const Edit& edit,
                    Ref<const Node> root) {
    return with_list(spine, spine.nodes.size() - 1, spine.last().children().with(std::move(child)),
                     edit, std::move(root));
}

Tree with_content(const Spine& spine, Content content, const Edit& edit, Ref<const Node> root) {
    const std::size_t depth = spine.nodes.size() - 1;
    if (spine.owns(depth)) {
        Node& node = spine.change(depth);
        node.set_content(std::move(content.value), std::move(content.permissions));
        node.set_stamp(edit.generation, edit.stamp);
        return Tree(std::move(root));
    }
    Node::Parts parts = spine.last().parts();
    parts.value = std::move(content.value);
    parts.permissions = std::move(content.permissions);
    parts.generation = edit.generation;
    parts.stamp = edit.stamp;
    return rebuilt(spine, depth, spine.last().with_parts(std::move(parts), true), std::move(root));
}

Tree with_created(const Spine& spine, Content content, const Edit& edit, Ref<const Node> root) {
    Node::Parts parts;
    parts.name = spine.missing;
    parts.value = std::move(content.value);
    parts.permissions = std::move(content.permissions);
    parts.number = edit.number;
    parts.generation = edit.generation;
    parts.stamp = edit.stamp;
    return with_new_child(spine, make_counted<Node>(std::move(parts)), edit, std::move(root));
}

}  // namespace

std::string_view to_string(TreeError error) {
    static constexpr std::array<std::string_view, 4> texts = {
        "no such node", "no parent node", "the node exists", "the root cannot be made or removed"};
    return texts[static_cast<std::size_t>(error)];
}

Tree::Tree() : root_(make_counted<Node>(Node::Parts{})) {}

Tree Tree::rooted(Content content, const Edit& edit) {
    Node::Parts parts;
    parts.value = std::move(content.value);
    parts.permissions = std::move(content.permissions);
    parts.generation = edit.generation;
    parts.stamp = edit.stamp;
    return Tree(make_counted<Node>(std::move(parts)));
}

const Node* Tree::find(std::string_view path) const {
    const Node* node = root_.get();
    for (auto name = next_element(path); !name.empty() && node != nullptr;
         name = next_element(path)) {
        node = node->child(name);
    }
    return node;
}

// Each edit once, on a Tree that is given up; one that is kept gives a copy, and so a root that two
// hold: nothing of it is changed.

std::expected<Tree, TreeError> Tree::create(std::string_view path, Content content,
                                            const Edit& edit) && {
    const Spine spine(*root_, path);
    if (spine.complete()) {
        return std::unexpected(spine.nodes.size() == 1 ? TreeError::root : TreeError::exists);
    }
    if (!spine.missing_is_last) return std::unexpected(TreeError::no_parent);
    return with_created(spine, std::move(content), edit, std::move(root_));
}

std::expected<Tree, TreeError> Tree::update(std::string_view path, Content content,
                                            const Edit& edit) && {
    const Spine spine(*root_, path);
    if (!spine.complete()) return std::unexpected(TreeError::absent);
    return with_content(spine, std::move(content), edit, std::move(root_));
}

std::expected<Tree, TreeError> Tree::set_value(std::string_view path, Bytes value,
                                               const Edit& edit) && {
    const Spine spine(*root_, path);
    if (!spine.complete()) return std::unexpected(TreeError::absent);
    return with_content(spine, {std::move(value), spine.last().permissions()}, edit,
                        std::move(root_));
}

std::expected<Tree, TreeError> Tree::set_permissions(std::string_view path, Permissions permissions,
                                                     const Edit& edit) && {
    const Spine spine(*root_, path);
    if (!spine.complete()) return std::unexpected(TreeError::absent);
    return with_content(spine, {spine.last().parts().value, std::move(permissions)}, edit,
                        std::move(root_));
}

std::expected<Tree, TreeError> Tree::set(std::string_view path, Content content,
                                         const Edit& edit) && {
    const Spine spine(*root_, path);
    if (spine.complete()) return with_content(spine, std::move(content), edit, std::move(root_));
    if (!spine.missing_is_last) return std::unexpected(TreeError::no_parent);
    return with_created(spine, std::move(content), edit, std::move(root_));
}

std::expected<Tree, TreeError> Tree::remove(std::string_view path, const Edit& edit) && {
    const Spine spine(*root_, path);
    if (!spine.complete()) return std::unexpected(TreeError::absent);
    if (spine.nodes.size() == 1) return std::unexpected(TreeError::root);
    const std::size_t depth = spine.nodes.size() - 2;
    return with_list(spine, depth, spine.nodes[depth]->children().without(spine.last().name()),
                     edit, std::move(root_));
}

std::expected<Tree, TreeError> Tree::graft(std::string_view path, const Node& subtree,
                                           const Edit& edit) && {
    const Spine spine(*root_, path);
    if (!spine.complete() && !spine.missing_is_last) return std::unexpected(TreeError::no_parent);
    const Bytes name = spine.complete() ? spine.last().parts().name : Bytes(spine.missing);
    const std::uint64_t number = spine.complete() ? spine.last().number() : edit.number;
    auto node = Ref<const Node>::share(&subtree);
    if (subtree.parts().name != name || subtree.number() != number) {
        Node::Parts parts = subtree.parts();
        parts.name = name;
        parts.number = number;
        node = subtree.with_parts(std::move(parts), true);
    }
    return spine.complete()
               ? rebuilt(spine, spine.nodes.size() - 1, std::move(node), std::move(root_))
               : with_new_child(spine, std::move(node), edit, std::move(root_));
}

std::expected<Tree, TreeError> Tree::place(std::string_view path, Content content,
                                           const Edit& edit) && {
    const Spine spine(*root_, path);
    if (!spine.complete() && !spine.missing_is_last) return std::unexpected(TreeError::no_parent);
    const std::size_t depth = spine.nodes.size() - 1;
    if (spine.complete() && (depth == 0 || spine.last().number() == edit.number)) {
        return with_content(spine, std::move(content), edit, std::move(root_));
    }
    Node::Parts parts;
    parts.name = spine.complete() ? spine.last().parts().name : Bytes(spine.missing);
    if (spine.complete()) parts.children = spine.last().children();
    parts.value = std::move(content.value);
    parts.permissions = std::move(content.permissions);
    parts.number = edit.number;
    parts.generation = edit.generation;
    parts.stamp = edit.stamp;
    const std::size_t above = spine.complete() ? depth - 1 : depth;
    const Node& parent = *spine.nodes[above];
    return with_list(spine, above, parent.children().with(make_counted<Node>(std::move(parts))),
                     as_it_is(parent), std::move(root_));
}

std::expected<Tree, TreeError> Tree::cut(std::string_view path) && {
    const Spine spine(*root_, path);
    if (!spine.complete()) return std::unexpected(TreeError::absent);
    if (spine.nodes.size() == 1) return std::unexpected(TreeError::root);
    const std::size_t depth = spine.nodes.size() - 2;
    const Node& parent = *spine.nodes[depth];
    return with_list(spine, depth, parent.children().without(spine.last().name()), as_it_is(parent),
                     std::move(root_));
}

}  // namespace stemma::store
