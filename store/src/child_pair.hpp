// Walks the children of two nodes side by side, by name, past those that both share.
#pragma once

#include "store/children.hpp"
#include "store/diff.hpp"
#include "store/node.hpp"

namespace stemma::store {

class ChildPair {
  public:
    // Either node may be null: it has no children then. Both must outlive the pair.
    ChildPair(const Node* before, const Node* after, Visited& visited)
        : before_(before ? before->children() : none()),
          after_(after ? after->children() : none()),
          visited_(&visited) {}

    // The next two nodes of one name that are not the same node; one of them may be null. False at
    // the end.
    bool next(const Node*& before, const Node*& after) {
        while (before_.get() != nullptr || after_.get() != nullptr) {
            if (skip_shared()) continue;
            ++visited_->nodes;
            const Node* const one = before_.get();
            const Node* const two = after_.get();
            const bool take_one = one != nullptr && (two == nullptr || one->name() <= two->name());
            const bool take_two = two != nullptr && (one == nullptr || two->name() <= one->name());
            if (take_one) before_.next();
            if (take_two) after_.next();
            before = take_one ? one : nullptr;
            after = take_two ? two : nullptr;
            return true;
        }
        return false;
    }

  private:
    static const Children& none() {
        static const Children empty;
        return empty;
    }

    // Goes behind the largest page, or else the node, at which both stand.
    bool skip_shared() {
        if (before_.get() == nullptr || after_.get() == nullptr) return false;
        for (unsigned level = std::min(before_.levels(), after_.levels()); level > 0; --level) {
            const Chunk* const page = before_.starts(level - 1);
            if (page != nullptr && page == after_.starts(level - 1)) {
                ++visited_->pages;
                before_.skip(level);
                after_.skip(level);
                return true;
            }
        }
        if (before_.get() != after_.get()) return false;
        ++visited_->nodes;
        before_.next();
        after_.next();
        return true;
    }

    ChildCursor before_;
    ChildCursor after_;
    Visited* visited_;
};

}  // namespace stemma::store
