#include "object_writer.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "child_pair.hpp"
#include "delta_text.hpp"
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

// What the form of a node depends on besides the node itself: where it is, whether it names its
// permissions, and whether it is the top of a commit.
std::uint8_t variant_of(std::uint8_t matched, bool inherits, bool is_root) {
    return static_cast<std::uint8_t>(matched << 2 | (inherits ? 2 : 0) | (is_root ? 1 : 0));
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

GitTreeEntry tree_entry(std::string name, const ObjectWriter::Entry& entry) {
    return {std::move(name), entry.is_tree, entry.id};
}

}  // namespace

// A node whose children are being written.
struct ObjectWriter::Frame {
    const Node* node;
    const Node* before;  // the last version of it that was written, or null
    ChildCursor cursor;
    std::uint8_t matched;
    bool is_root;
    bool inherits;
    const Node* only_child = nullptr;  // with is_root: leaves out the others, and their order
    bool filtered = false;
    std::vector<GitTreeEntry> entries = {};

    // Of a frame that edits its last version: what it goes through, and what it found.
    struct Editing {
        ObjectId base;
        DirectoryCache::Form form;
        ChildPair children;
        bool list_changed = false;
        bool fits = true;
        std::vector<DirectoryText::Edit> edits = {};
    };
    std::optional<Editing> editing = {};

    bool ordered() const { return matched != inside; }
    std::uint8_t variant() const { return variant_of(matched, inherits, is_root); }
    NodeText text() const {
        NodeText text;
        if (!is_root && !is_plain_name(node->name())) text.name = node->name();
        if (!inherits) {
            const auto own = node->permissions().entries();
            text.permissions.emplace(own.begin(), own.end());
        }
        if (ordered() && !filtered) text.order = order_of(*node);
        return text;
    }
};

std::expected<ObjectId, Error> ObjectWriter::write_root(ObjectSink& sink, const Node& root,
                                                        Place place, bool remember) {
    remember_ = remember;
    const bool whole = place == Place::whole_tree;
    Frame top{&root,
              whole && remember ? last_root_.get() : nullptr,
              ChildCursor(root.children()),
              whole ? std::uint8_t{0} : inside,
              true,
              false};
    auto written = id_of(write(sink, std::move(top)));
    if (written && whole && remember) last_root_ = Ref<const Node>::share(&root);
    return written;
}

std::expected<ObjectId, Error> ObjectWriter::write_root_with(ObjectSink& sink, const Node& root,
                                                             const Node* only_child,
                                                             bool remember) {
    remember_ = remember;
    return id_of(write(
        sink, {&root, nullptr, ChildCursor(root.children()), 0, true, false, only_child, true}));
}

bool ObjectWriter::known(const Node& node, std::uint8_t variant, Entry& entry) const {
    const StoredForm& form = node.stored_form();
    if (publisher_ == 0 || !form.claimed_by(publisher_)) return false;
    if (form.round != round_ || form.variant != variant) return false;
    entry = {form.id, form.is_tree};
    return true;
}

void ObjectWriter::mark(const Node& node, std::uint8_t variant, const Entry& entry) {
    StoredForm& form = node.stored_form();
    if (!remember_ || publisher_ == 0 || !form.claim(publisher_)) return;
    form.round = round_;
    form.variant = variant;
    form.is_tree = entry.is_tree;
    form.id = entry.id;
    marked_.push_back(Ref<const Node>::share(&node));
}

void ObjectWriter::forget() {
    for (const auto& node : marked_)
        node->stored_form().round = 0;
    marked_.clear();
}

// Whether the frame's node can be made from its last version: the children that both share were
// written as they would be now.
bool ObjectWriter::begin_edit(Frame& frame) {
    if (frame.before == nullptr || frame.filtered || frame.node->children().empty()) return false;
    if (!frame.before->permissions().same_text(frame.node->permissions())) return false;
    Entry last;
    if (!known(*frame.before, frame.variant(), last) || !last.is_tree) return false;
    auto form = cache_.take(last.id);
    if (!form) return false;
    frame.editing.emplace(last.id, std::move(*form), ChildPair(frame.before, frame.node, visited_));
    return true;
}

// The next child of a frame that is written from all its children; false at the end. Pushes a frame
// for one that has to be written first.
bool ObjectWriter::add_child(Frame& frame, std::vector<Frame>& stack) {
    const Node* const child = frame.cursor.get();
    if (child == nullptr) return false;
    frame.cursor.next();
    if (frame.filtered && child != frame.only_child) return true;
    const bool inherits = child->permissions().same_text(frame.node->permissions());
    const std::uint8_t matched = below(frame.matched, child->name());
    Entry entry;
    if (known(*child, variant_of(matched, inherits, false), entry)) {
        frame.entries.push_back(tree_entry(entry_name(child->name()), entry));
        return true;
    }
    const Node* const before = frame.before ? frame.before->child(child->name()) : nullptr;
    stack.push_back({child, before, ChildCursor(child->children()), matched, false, inherits});
    return true;
}

// The same for a frame that edits its last version: the next child that is not as it was.
bool ObjectWriter::edit_child(Frame& frame, std::vector<Frame>& stack) {
    const Node* before = nullptr;
    const Node* after = nullptr;
    if (!frame.editing->children.next(before, after)) return false;
    if (before == nullptr || after == nullptr || before->number() != after->number()) {
        frame.editing->list_changed = true;
    }
    DirectoryText::Edit edit;
    edit.name = entry_name((before ? before : after)->name());
    if (before != nullptr) {
        const StoredForm& form = before->stored_form();
        if (!form.claimed_by(publisher_)) {
            frame.editing->fits = false;
            return true;
        }
        edit.was_tree = form.is_tree;
    }
    if (after == nullptr) {
        frame.editing->edits.push_back(std::move(edit));
        return true;
    }
    const bool inherits = after->permissions().same_text(frame.node->permissions());
    const std::uint8_t matched = below(frame.matched, after->name());
    Entry entry;
    if (known(*after, variant_of(matched, inherits, false), entry)) {
        edit.now = tree_entry(edit.name, entry);
        frame.editing->edits.push_back(std::move(edit));
        return true;
    }
    frame.editing->edits.push_back(std::move(edit));  // completed when the child is written
    stack.push_back({after, before, ChildCursor(after->children()), matched, false, inherits});
    return true;
}

// Writes the node of the frame, whose children are all written.
std::expected<void, Error> ObjectWriter::finish(ObjectSink& sink, Frame& frame, Entry& entry) {
    const Node& node = *frame.node;
    const NodeText text = frame.text();
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
    DirectoryCache::Form form;
    if (!text.empty()) {
        ObjectId id;
        form.node_text = format_node_text(text);
        if (auto done = take(ObjectKind::blob, form.node_text, id); !done) return done;
        frame.entries.push_back({std::string(node_entry), false, id});
    }
    form.text = DirectoryText(git_tree_text(frame.entries));
    if (auto done = take(ObjectKind::tree, form.text.bytes(), entry.id); !done) return done;
    if (remember_ && publisher_ != 0 && !frame.filtered) cache_.put(entry.id, std::move(form));
    return {};
}

// The same for a frame that edits its last version. False if the edits do not fit: a node that is
// in the tree twice remembers only one of its forms, one that another publisher claimed none. Then
// it is written from its children.
std::expected<bool, Error> ObjectWriter::finish_edit(ObjectSink& sink, Frame& frame, Entry& entry) {
    Frame::Editing& editing = *frame.editing;
    if (!editing.fits) return false;
    const Node& node = *frame.node;
    const auto replace = [&](std::string_view name, std::string_view before,
                             std::string_view after) -> std::expected<void, Error> {
        if (before == after) return {};
        DirectoryText::Edit edit;
        edit.name = name;
        if (!before.empty()) edit.was_tree = false;
        if (!after.empty()) {
            const auto id = sink.put(ObjectKind::blob, after);
            if (!id) return std::unexpected(id.error());
            edit.now = GitTreeEntry{edit.name, false, *id};
        }
        editing.edits.push_back(std::move(edit));
        return {};
    };
    if (frame.before->parts().value != node.parts().value) {
        if (auto done = replace(value_entry, frame.before->value(), node.value()); !done) {
            return std::unexpected(std::move(done.error()));
        }
    }
    if (frame.ordered() && editing.list_changed) {
        const NodeText text = frame.text();
        std::string lines = text.empty() ? "" : format_node_text(text);
        if (auto done = replace(node_entry, editing.form.node_text, lines); !done) {
            return std::unexpected(std::move(done.error()));
        }
        editing.form.node_text = std::move(lines);
    }
    entry = {editing.base, true};
    if (!editing.edits.empty()) {
        const auto delta = editing.form.text.apply(editing.edits);
        if (!delta) return false;
        const auto id = sink.put_delta(ObjectKind::tree, editing.form.text.bytes(),
                                       Delta{editing.base, *delta});
        if (!id) return std::unexpected(id.error());
        entry.id = *id;
    }
    cache_.put(entry.id, std::move(editing.form));
    ++edited_;
    return true;
}

std::expected<ObjectWriter::Entry, Error> ObjectWriter::write(ObjectSink& sink, Frame top) {
    std::vector<Frame> stack;  // not recursion: a guest chooses the depth
    stack.reserve(8);
    begin_edit(top);
    stack.push_back(std::move(top));
    while (true) {
        const std::size_t depth = stack.size();
        const bool more =
            stack.back().editing ? edit_child(stack.back(), stack) : add_child(stack.back(), stack);
        if (stack.size() > depth) begin_edit(stack.back());
        if (more) continue;
        Frame& frame = stack.back();
        Entry entry;
        if (frame.editing) {
            const auto fits = finish_edit(sink, frame, entry);
            if (!fits) return std::unexpected(fits.error());
            if (!*fits) {
                frame.editing.reset();
                continue;
            }
        } else if (auto done = finish(sink, frame, entry); !done) {
            return std::unexpected(std::move(done.error()));
        }
        if (!frame.filtered) mark(*frame.node, frame.variant(), entry);
        if (frame.is_root) return entry;
        const Node* const node = frame.node;
        stack.pop_back();
        Frame& above = stack.back();
        GitTreeEntry made = tree_entry(entry_name(node->name()), entry);
        if (above.editing) {
            above.editing->edits.back().now = std::move(made);
        } else {
            above.entries.push_back(std::move(made));
        }
    }
}

}  // namespace stemma::store
