#include "object_writer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "entry_name.hpp"
#include "git_tree_text.hpp"
#include "node_text.hpp"

namespace stemma::store {
namespace {

// How far a path agrees with /local/domain/N/data/net: elements matched, or one of these.
constexpr std::uint8_t inside = 5;
constexpr std::uint8_t elsewhere = 6;

std::uint8_t below(std::uint8_t matched, std::string_view name) {
    static constexpr std::array<std::string_view, 5> way = {"local", "domain", "", "data", "net"};
    if (matched >= inside) return matched;
    const bool agrees = way[matched].empty() || way[matched] == name;
    return agrees ? static_cast<std::uint8_t>(matched + 1) : elsewhere;
}

// What the form of a node depends on besides the node itself.
std::uint8_t variant_of(bool inherits, bool ordered) {
    return static_cast<std::uint8_t>((inherits ? 1 : 0) | (ordered ? 2 : 0));
}

std::expected<ObjectId, Error> id_of(std::expected<ObjectWriter::Entry, Error> written) {
    if (!written) return std::unexpected(std::move(written.error()));
    return written->id;
}

std::vector<std::string> order_of(const Node& node) {
    std::vector<std::string> order;
    const auto children = node.children_in_order();
    if (std::ranges::is_sorted(children, {}, &Node::name)) return order;
    order.reserve(children.size());
    for (const Node* child : children)
        order.emplace_back(child->name());
    return order;
}

}  // namespace

// A node whose children are being written.
struct ObjectWriter::Frame {
    const Node* node;
    ChildCursor cursor;
    std::uint8_t matched;
    bool is_root;
    bool inherits;
    const Node* only_child = nullptr;  // with is_root: leaves out the others, and their order
    bool filtered = false;
    std::vector<GitTreeEntry> entries = {};

    bool ordered() const { return matched != inside; }
    std::uint8_t variant() const { return variant_of(inherits, ordered()); }
};

std::expected<ObjectId, Error> ObjectWriter::write_root(ObjectSink& sink, const Node& root,
                                                        Place place, bool remember) {
    remember_ = remember;
    const std::uint8_t matched = place == Place::whole_tree ? 0 : inside;
    return id_of(write(sink, {&root, ChildCursor(root.children()), matched, true, false}));
}

std::expected<ObjectId, Error> ObjectWriter::write_root_with(ObjectSink& sink, const Node& root,
                                                             const Node* only_child,
                                                             bool remember) {
    remember_ = remember;
    return id_of(
        write(sink, {&root, ChildCursor(root.children()), 0, true, false, only_child, true}));
}

bool ObjectWriter::known(const Node& node, std::uint8_t variant, Entry& entry) const {
    const StoredForm& form = node.stored_form();
    if (publisher_ == 0 || !form.claimed_by(publisher_)) return false;
    if (!form.written || form.variant != variant) return false;
    entry = {form.id, form.is_tree};
    return true;
}

void ObjectWriter::mark(const Node& node, std::uint8_t variant, const Entry& entry) {
    StoredForm& form = node.stored_form();
    if (!remember_ || publisher_ == 0 || !form.claim(publisher_)) return;
    form.written = true;
    form.variant = variant;
    form.is_tree = entry.is_tree;
    form.id = entry.id;
    marked_.push_back(Ref<const Node>::share(&node));
}

void ObjectWriter::forget() {
    for (const auto& node : marked_)
        node->stored_form().written = false;
    marked_.clear();
}

// Writes the node of the frame, whose children are all written.
std::expected<void, Error> ObjectWriter::finish(ObjectSink& sink, Frame& frame, Entry& entry) {
    const Node& node = *frame.node;
    NodeText text;
    if (!frame.is_root && !is_plain_name(node.name())) text.name = node.name();
    if (!frame.inherits) {
        const auto own = node.permissions().entries();
        text.permissions.emplace(own.begin(), own.end());
    }
    if (frame.ordered() && !frame.filtered) text.order = order_of(node);

    const bool plain_leaf = text.empty() && node.children().empty() && !frame.is_root;
    entry.is_tree = !plain_leaf;
    const auto take = [&](ObjectKind kind, std::string_view bytes,
                          ObjectId& id) -> std::expected<void, Error> {
        auto put = sink.put(kind, bytes);
        if (!put) return std::unexpected(std::move(put.error()));
        id = *put;
        return {};
    };
    if (plain_leaf) return take(ObjectKind::blob, node.value(), entry.id);

    if (!node.value().empty()) {
        ObjectId id;
        if (auto done = take(ObjectKind::blob, node.value(), id); !done) return done;
        frame.entries.push_back({std::string(value_entry), false, id});
    }
    if (!text.empty()) {
        ObjectId id;
        if (auto done = take(ObjectKind::blob, format_node_text(text), id); !done) return done;
        frame.entries.push_back({std::string(node_entry), false, id});
    }
    return take(ObjectKind::tree, git_tree_text(frame.entries), entry.id);
}

std::expected<ObjectWriter::Entry, Error> ObjectWriter::write(ObjectSink& sink, Frame top) {
    std::vector<Frame> stack;  // not recursion: a guest chooses the depth
    stack.push_back(std::move(top));
    while (true) {
        Frame& frame = stack.back();
        if (const Node* const child = frame.cursor.get()) {
            frame.cursor.next();
            if (frame.filtered && child != frame.only_child) continue;
            const bool inherits = child->permissions().same_text(frame.node->permissions());
            const std::uint8_t matched = below(frame.matched, child->name());
            Entry entry;
            if (known(*child, variant_of(inherits, matched != inside), entry)) {
                frame.entries.push_back({entry_name(child->name()), entry.is_tree, entry.id});
            } else {
                stack.push_back({child, ChildCursor(child->children()), matched, false, inherits});
            }
            continue;
        }
        Entry entry;
        if (auto done = finish(sink, frame, entry); !done) {
            return std::unexpected(std::move(done.error()));
        }
        if (frame.is_root) return entry;
        mark(*frame.node, frame.variant(), entry);
        const Node* const node = frame.node;
        stack.pop_back();
        stack.back().entries.push_back({entry_name(node->name()), entry.is_tree, entry.id});
    }
}

}  // namespace stemma::store
