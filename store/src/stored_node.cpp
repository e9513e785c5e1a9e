#include "stored_node.hpp"

#include <algorithm>

#include "entry_name.hpp"
#include "node_text.hpp"

namespace stemma::store {
namespace {

std::unexpected<Error> corrupt(std::string why) {
    return std::unexpected(Error{Error::Kind::corrupt, "read", "a stored node", std::move(why)});
}

std::expected<void, Error> take_text(ObjectSource& source, const GitTreeEntry& entry,
                                     const StoredPlace& place, StoredNode& node) {
    if (entry.is_tree) return corrupt("a directory named " + entry.name);
    auto bytes = source.blob(entry.id);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    if (entry.name == value_entry) {
        node.value = std::move(*bytes);
        return {};
    }
    auto text = parse_node_text(*bytes);
    if (!text) return corrupt(".node: " + text.error());
    if (text->permissions) node.permissions = Permissions(*text->permissions);
    if (text->name && !place.entry.empty()) node.name = std::move(*text->name);
    node.order = std::move(text->order);
    return {};
}

}  // namespace

std::expected<StoredNode, Error> read_stored(ObjectSource& source, const StoredPlace& place) {
    StoredNode node;
    node.name = place.entry;
    node.permissions = place.inherited;
    if (place.is_tree) {
        auto entries = source.tree(place.id);
        if (!entries) return std::unexpected(std::move(entries.error()));
        for (GitTreeEntry& entry : *entries) {
            // Would pass for a root, which alone has no name.
            if (entry.name.empty()) return corrupt("a file without a name");
            if (entry.name != value_entry && entry.name != node_entry) {
                node.children.push_back(std::move(entry));
            } else if (auto taken = take_text(source, entry, place, node); !taken) {
                return std::unexpected(std::move(taken.error()));
            }
        }
    } else {
        auto value = source.blob(place.id);
        if (!value) return std::unexpected(std::move(value.error()));
        node.value = std::move(*value);
    }
    if (!place.entry.empty() && entry_name(node.name) != place.entry) {
        return corrupt("not the name of a node: \"" + place.entry + "\"");
    }
    if (node.name.find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
        return corrupt("a name with a slash or a NUL in it");
    }
    return node;
}

std::expected<std::optional<StoredPlace>, Error> find_stored(ObjectSource& source,
                                                             const ObjectId& tree,
                                                             std::string_view path) {
    StoredPlace here{"", tree, true, {}};
    while (true) {
        while (path.starts_with('/'))
            path.remove_prefix(1);
        if (path.empty()) return here;
        const std::string_view name = path.substr(0, path.find('/'));
        path.remove_prefix(name.size());
        const auto node = read_stored(source, here);
        if (!node) return std::unexpected(node.error());
        const auto entry = std::ranges::find(node->children, entry_name(name), &GitTreeEntry::name);
        if (entry == node->children.end()) return std::nullopt;
        here = {entry->name, entry->id, entry->is_tree, node->permissions};
    }
}

}  // namespace stemma::store
