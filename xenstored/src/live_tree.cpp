#include "xenstored/live_tree.hpp"

#include "xenstored/place.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

LiveTree::LiveTree(store::Time now) {
    const store::Permissions closed{{store::Access::none, 0, 0}};
    const store::Stamp stamp{now, 0, store::Operation::start};
    const std::uint64_t number = numbers_.next();
    head_ = store::Tree::rooted({{}, closed}, {stamp, number, number});
    Branch branch(head_, numbers_);
    branch.stamp(stamp);
    // first of all, so that it is the first of the root's children: visible_names()
    branch.create(special_directory, {{}, closed});
    branch.create(xs::join(special_directory, "@introduceDomain"), {{}, closed});
    branch.create(xs::join(special_directory, "@releaseDomain"), {{}, closed});
    branch.create("/tool", {{}, closed});
    branch.create("/tool/xenstored", {{}, closed});
    head_ = branch.tree();
    counts_ = NodeCounts::of_tree(head_.root());
}

}  // namespace stemma::xenstored
