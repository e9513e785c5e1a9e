#pragma once

#include "store/tree.hpp"
#include "xenstored/branch.hpp"
#include "xenstored/node_tally.hpp"

namespace stemma::xenstored {

// The tree that clients see, and what is kept in step with it.
class LiveTree {
  public:
    // C's first nodes, "/tool/xenstored" and its parents, and the special nodes; all domain 0's,
    // closed to others.
    explicit LiveTree(store::Time now);

    const store::Tree& head() const { return head_; }
    const NodeCounts& counts() const { return counts_; }
    EditNumbers& numbers() { return numbers_; }
    // The last number that was given.
    std::uint64_t last_edit() const { return EditNumbers(numbers_).next() - 1; }

    Branch branch(const store::Stamp& stamp) {
        Branch branch(head_, numbers_);
        branch.stamp(stamp);
        return branch;
    }

    // `branch` must have started from the present head.
    void publish(const Branch& branch) {
        head_ = branch.tree();
        counts_.apply(branch.tally());
        replaced_ += branch.replaced_bytes();
    }
    // Another tree in its place, whose edits had numbers up to `last`: an earlier daemon's.
    void restore(store::Tree tree, std::uint64_t last) {
        head_ = std::move(tree);
        counts_ = NodeCounts::of_tree(head_.root());
        numbers_.skip_to(last);
    }
    // Bytes of nodes replaced so far, estimated.
    std::uint64_t replaced_bytes() const { return replaced_; }

  private:
    EditNumbers numbers_;
    store::Tree head_;
    NodeCounts counts_;
    std::uint64_t replaced_ = 0;
};

}  // namespace stemma::xenstored
