// A node of the tree: immutable, shared by all versions of the tree that it did not change between.
// Only an edit of a Tree that nobody else has a part of changes nodes themselves (tree.hpp).
//
// Get one from Tree::find; it lives as long as a Tree that holds it. Whoever keeps it longer takes
// Ref<const Node>::share(node).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/bytes.hpp"
#include "store/children.hpp"
#include "store/counted.hpp"
#include "store/permissions.hpp"
#include "store/stamp.hpp"
#include "store/stored_form.hpp"

namespace stemma::store {

class Node final : public Counted {
  public:
    struct Parts {
        Bytes name;  // empty for the root
        Bytes value;
        Permissions permissions;
        Children children;
        std::uint64_t number = 0;      // place among the siblings: they list by (number, name)
        std::uint64_t generation = 0;  // XenStore's gencnt: changes with value, permissions or
                                       // child list, not with what happens below a child
        Stamp stamp;                   // changes together with the generation
    };

    explicit Node(Parts parts) : parts_(std::move(parts)) {}

    std::string_view name() const { return parts_.name.view(); }
    std::string_view value() const { return parts_.value.view(); }
    const Permissions& permissions() const { return parts_.permissions; }
    std::uint64_t number() const { return parts_.number; }
    std::uint64_t generation() const { return parts_.generation; }
    const Stamp& stamp() const { return parts_.stamp; }
    const Children& children() const { return parts_.children; }
    const Parts& parts() const { return parts_; }

    const Node* child(std::string_view name) const { return parts_.children.find(name); }
    std::size_t child_count() const { return parts_.children.count(); }
    // Sum of the lengths of the children's names, without NULs. O(1).
    std::size_t child_name_bytes() const { return parts_.children.name_bytes(); }

    // The names of the children in the order of their creation, each followed by a NUL: the payload
    // of XS_DIRECTORY. Made at the first call and kept while the child list stays the same, so a
    // reader who takes it in parts does not pay for all of it each time. Any thread may call.
    std::string_view listing() const;

    // The children in the order of their creation; built at each call.
    std::vector<const Node*> children_in_order() const;

    // For the publisher (see stored_form.hpp).
    StoredForm& stored_form() const { return stored_form_; }

    // For the tree: this node with other parts. Carries the listing over if the child list of
    // `parts` has the same names at the same places, which the caller promises by `same_list`.
    Ref<const Node> with_parts(Parts parts, bool same_list) const;

    // For the tree, on a node that is its alone and that no publisher has seen (is_private): the
    // same as with_parts, but to the node itself.
    bool is_private() const { return is_sole() && !stored_form_.is_claimed(); }
    void set_content(Bytes value, Permissions permissions);
    void set_children(Children children, bool same_list);
    void put_child(Ref<const Node> child) { parts_.children.put(std::move(child)); }
    void set_stamp(std::uint64_t generation, const Stamp& stamp);

  protected:
    ~Node() override;

  private:
    struct Listing final : Counted {
        std::string names;
    };

    Parts parts_;
    mutable std::atomic<const Listing*> listing_{nullptr};
    mutable StoredForm stored_form_;
};

}  // namespace stemma::store
