#include "xenstored/branch.hpp"

#include "xenstored/rights.hpp"

namespace stemma::xenstored {

bool Branch::create(std::string_view path, store::Content content) {
    const DomainRef owner = owner_of(content.permissions);
    auto changed = tree_.create(path, std::move(content), edit());
    if (!changed) return false;
    tree_ = std::move(*changed);
    tally_.add(owner, 1);
    return true;
}

bool Branch::set_value(std::string_view path, store::Bytes value) {
    auto changed = tree_.set_value(path, std::move(value), edit());
    if (!changed) return false;
    tree_ = std::move(*changed);
    return true;
}

bool Branch::set_permissions(std::string_view path, store::Permissions permissions) {
    const store::Node* const node = tree_.find(path);
    if (node == nullptr) return false;
    const DomainRef before = owner_of(node->permissions());
    const DomainRef after = owner_of(permissions);
    auto changed = tree_.set_permissions(path, std::move(permissions), edit());
    if (!changed) return false;
    tree_ = std::move(*changed);
    tally_.add(before, -1);
    tally_.add(after, 1);
    return true;
}

bool Branch::remove(std::string_view path) {
    const store::Node* const node = tree_.find(path);
    if (node == nullptr) return false;
    // `node` may go with the old tree, so it is counted first
    NodeTally counted = tally_;
    counted.add_subtree(*node, -1);
    auto changed = tree_.remove(path, edit());
    if (!changed) return false;
    tree_ = std::move(*changed);
    tally_ = std::move(counted);
    return true;
}

bool Branch::graft(std::string_view path, const store::Node& subtree) {
    NodeTally counted = tally_;
    if (const store::Node* const node = tree_.find(path)) counted.add_subtree(*node, -1);
    counted.add_subtree(subtree, 1);
    auto changed = tree_.graft(path, subtree, edit());
    if (!changed) return false;
    tree_ = std::move(*changed);
    tally_ = std::move(counted);
    return true;
}

}  // namespace stemma::xenstored
