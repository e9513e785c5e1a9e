// The versioned tree: an immutable value. Copying one is copying a pointer; an edit gives another
// Tree that shares all it did not change, at O(depth * log width). An edit of a Tree that is given
// up, `std::move(tree).create(...)`, reuses the nodes that no other Tree has, so that the second
// edit of a branch copies next to nothing; pointers to nodes got from it before are void, and only
// on an error is it left as it was.
//
//     Tree head = Tree::rooted({"", Permissions{{Access::none, 0, 0}}}, edit);
//     Tree next = *head.create("/local", {"", inherited}, edit);
//     const Node* node = next.find("/local");   // head.find("/local") is still null
//
// One thread may edit and hand Trees to others (publisher, readers): nothing in a Tree changes.
// A Tree object itself, as any value, is not to be assigned by one thread while another reads it.
//
// Paths are absolute, "/" or "/a/b", already validated by the caller: no empty element, no slash at
// the end. A parent must exist; the daemon, which alone knows whose they will be, makes missing
// ones by create(), top down. The store keeps any name without '/' and NUL; ".special" holds the
// '@' nodes ("/.special/@releaseDomain").
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <utility>

#include "store/bytes.hpp"
#include "store/node.hpp"
#include "store/permissions.hpp"
#include "store/stamp.hpp"

namespace stemma::store {

struct Content {
    Bytes value;
    Permissions permissions;
};

// What the editor says about a change.
struct Edit {
    Stamp stamp;                   // who, when, how: goes to each node that the edit changes itself
    std::uint64_t generation = 0;  // new gencnt of those nodes; never given before
    std::uint64_t number = 0;      // place of a created node; greater than its siblings' to be last
};

enum class TreeError : std::uint8_t {
    absent,     // no node at the path
    no_parent,  // create, graft: the parent is absent
    exists,     // create: there is a node at the path
    root,       // the root can be neither created nor removed
};
std::string_view to_string(TreeError error);

class Tree {
  public:
    Tree();  // a root without value, permissions and children
    explicit Tree(Ref<const Node> root) : root_(std::move(root)) {}
    static Tree rooted(Content content, const Edit& edit);

    const Node& root() const { return *root_; }
    Ref<const Node> root_ref() const { return root_; }
    const Node* find(std::string_view path) const;  // null if absent; "/" is always there

    // A node where there is none. The parent's child list, and so its generation and stamp,
    // changes.
    std::expected<Tree, TreeError> create(std::string_view path, Content content,
                                          const Edit& edit) &&;
    std::expected<Tree, TreeError> create(std::string_view path, Content content,
                                          const Edit& edit) const& {
        return Tree(*this).create(path, std::move(content), edit);
    }
    // Other content for a node that exists.
    std::expected<Tree, TreeError> update(std::string_view path, Content content,
                                          const Edit& edit) &&;
    std::expected<Tree, TreeError> update(std::string_view path, Content content,
                                          const Edit& edit) const& {
        return Tree(*this).update(path, std::move(content), edit);
    }
    std::expected<Tree, TreeError> set_value(std::string_view path, Bytes value,
                                             const Edit& edit) &&;
    std::expected<Tree, TreeError> set_value(std::string_view path, Bytes value,
                                             const Edit& edit) const& {
        return Tree(*this).set_value(path, std::move(value), edit);
    }
    std::expected<Tree, TreeError> set_permissions(std::string_view path, Permissions permissions,
                                                   const Edit& edit) &&;
    std::expected<Tree, TreeError> set_permissions(std::string_view path, Permissions permissions,
                                                   const Edit& edit) const& {
        return Tree(*this).set_permissions(path, std::move(permissions), edit);
    }
    // create() or update(), whichever fits.
    std::expected<Tree, TreeError> set(std::string_view path, Content content, const Edit& edit) &&;
    std::expected<Tree, TreeError> set(std::string_view path, Content content,
                                       const Edit& edit) const& {
        return Tree(*this).set(path, std::move(content), edit);
    }
    // The node and all below it. The parent's generation and stamp change.
    std::expected<Tree, TreeError> remove(std::string_view path, const Edit& edit) &&;
    std::expected<Tree, TreeError> remove(std::string_view path, const Edit& edit) const& {
        return Tree(*this).remove(path, edit);
    }
    // Puts a subtree of another tree at the path, with its own stamps, generations and numbers
    // inside. In place of an existing node it takes that one's number and leaves the parent's
    // generation alone; where there was none it is a creation.
    std::expected<Tree, TreeError> graft(std::string_view path, const Node& subtree,
                                         const Edit& edit) &&;
    std::expected<Tree, TreeError> graft(std::string_view path, const Node& subtree,
                                         const Edit& edit) const& {
        return Tree(*this).graft(path, subtree, edit);
    }

    // For a log that is played back. The node at the path becomes what is said, its own number,
    // generation and stamp included, with the children it has; nothing else changes, not even its
    // parent's generation. The parent must exist; the root may be placed, too.
    std::expected<Tree, TreeError> place(std::string_view path, Content content,
                                         const Edit& edit) &&;
    // Removes the node and all below it, and leaves its parent's generation alone.
    std::expected<Tree, TreeError> cut(std::string_view path) &&;

    // The same tree by address: O(1), and false for equal trees made apart.
    bool same(const Tree& other) const { return root_ == other.root_; }

  private:
    Ref<const Node> root_;
};

}  // namespace stemma::store
