#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "store/tree.hpp"
#include "xenstored/node_tally.hpp"

namespace stemma::xenstored {

// Numbers given to edits, never twice: the generation of changed nodes and the place of created
// ones among their siblings.
class EditNumbers {
  public:
    std::uint64_t next() { return ++last_; }
    // For trees that come from elsewhere: numbers given from now on are greater than `used`.
    void skip_to(std::uint64_t used) {
        if (used > last_) last_ = used;
    }

  private:
    std::uint64_t last_ = 0;
};

// A tree being edited, together with what the edits change in the owners' node counts: the head
// during one request, the branch of a transaction, or the head on which a transaction is judged
// again. Throwing a Branch away undoes everything.
class Branch {
  public:
    Branch(store::Tree tree, EditNumbers& numbers) : tree_(std::move(tree)), numbers_(&numbers) {}

    const store::Tree& tree() const { return tree_; }
    const NodeTally& tally() const { return tally_; }
    // An estimate of the bytes of nodes that the edits replaced: what an older tree keeps alive.
    std::uint64_t replaced_bytes() const { return replaced_; }

    // Who edits from now on, when and how.
    void stamp(const store::Stamp& stamp) { stamp_ = stamp; }

    // What was found in tree() before is void after an edit. Preconditions of these: the path is
    // valid, its parent exists, and the node itself does (does not, for create). A breach changes
    // nothing and returns false.
    bool create(std::string_view path, store::Content content);
    // The node and its ancestors below the first `existing` bytes of the path, which name a node
    // that is there; the ancestors get no value, and all the same permissions. Costs no more than
    // the path is deep, however many are missing.
    bool create_with_parents(std::string_view path, std::size_t existing, store::Content content);
    bool set_value(std::string_view path, store::Bytes value);
    bool set_permissions(std::string_view path, store::Permissions permissions);
    bool remove(std::string_view path);

    // Puts a subtree of another tree at the path, replacing what is there; its parent must exist.
    bool graft(std::string_view path, const store::Node& subtree);

  private:
    // Each edit copies the nodes on the way to its path.
    void replaced(std::string_view path, std::size_t content);
    void count_name(DomainRef owner, std::string_view path, std::int64_t sign);
    bool take(std::expected<store::Tree, store::TreeError> changed);
    store::Edit edit() {
        const std::uint64_t number = numbers_->next();
        return {stamp_, number, number};
    }

    store::Tree tree_;
    EditNumbers* numbers_;
    NodeTally tally_;
    std::uint64_t replaced_ = 0;
    store::Stamp stamp_;
};

}  // namespace stemma::xenstored
