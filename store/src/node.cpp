#include "store/node.hpp"

#include <algorithm>

namespace stemma::store {

Node::~Node() {
    if (const Listing* const listing = listing_.load(std::memory_order_acquire)) listing->release();
}

std::vector<const Node*> Node::children_in_order() const {
    std::vector<const Node*> order;
    order.reserve(child_count());
    for (ChildCursor cursor(children()); cursor.get() != nullptr; cursor.next()) {
        order.push_back(cursor.get());
    }
    std::ranges::sort(order, [](const Node* one, const Node* two) {
        return one->number() != two->number() ? one->number() < two->number()
                                              : one->name() < two->name();
    });
    return order;
}

std::string_view Node::listing() const {
    if (children().empty()) return {};
    if (const Listing* const made = listing_.load(std::memory_order_acquire)) return made->names;
    auto* const fresh = new Listing;
    fresh->names.reserve(child_name_bytes() + child_count());
    for (const Node* child : children_in_order()) {
        fresh->names.append(child->name()).push_back('\0');
    }
    const Listing* other = nullptr;
    if (listing_.compare_exchange_strong(other, fresh, std::memory_order_acq_rel)) {
        return fresh->names;
    }
    fresh->release();
    return other->names;
}

void Node::set_content(Bytes value, Permissions permissions) {
    parts_.value = std::move(value);
    parts_.permissions = std::move(permissions);
}

void Node::set_children(Children children, bool same_list) {
    parts_.children = std::move(children);
    if (same_list) return;
    if (const Listing* const listing = listing_.exchange(nullptr)) listing->release();
}

void Node::set_stamp(std::uint64_t generation, const Stamp& stamp) {
    parts_.generation = generation;
    parts_.stamp = stamp;
}

Ref<const Node> Node::with_parts(Parts parts, bool same_list) const {
    auto* const node = new Node(std::move(parts));
    const Listing* const listing = listing_.load(std::memory_order_acquire);
    if (same_list && listing != nullptr) {
        listing->acquire();
        node->listing_.store(listing, std::memory_order_release);
    }
    return Ref<const Node>::adopt(node);
}

}  // namespace stemma::store
