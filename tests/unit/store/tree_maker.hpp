// Trees for tests: an editor that numbers its edits as the daemon would, and random trees beside a
// plain model of them.
#pragma once

#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "store/diff.hpp"
#include "store/tree.hpp"

namespace stemma::store::test {

// A tree as a plain map from path to value and permissions: what every operation is held against.
struct ModelNode {
    std::string value;
    std::string permissions;

    bool operator==(const ModelNode&) const = default;
};
using Model = std::map<std::string, ModelNode>;

inline Model model_of(const Tree& tree) {
    Model model;
    diff(nullptr, &tree.root(), "/", [&](const Change& change) {
        model[std::string(change.path)] = {std::string(change.after->value()),
                                           change.after->permissions().text()};
    });
    return model;
}

// "/d/d/...", `depth` elements.
inline std::string deep_path(std::size_t depth) {
    std::string path;
    for (std::size_t i = 0; i < depth; ++i)
        path += "/d";
    return path;
}

// A tree of one such path, made from below, which takes time in proportion to the depth.
inline Tree deep_tree(std::size_t depth, std::string_view value) {
    Node::Parts parts;
    parts.value = Bytes(value);
    parts.permissions = Permissions{{Access::none, 0, 0}};
    for (std::size_t i = 0; i < depth; ++i) {
        parts.name = Bytes("d");
        auto node = make_counted<Node>(std::move(parts));
        parts = Node::Parts();
        parts.permissions = node->permissions();
        parts.children = Children().with(std::move(node));
    }
    return Tree(make_counted<Node>(std::move(parts)));
}

class Editor {
  public:
    explicit Editor(Tree start = Tree::rooted({"", Permissions{{Access::none, 0, 0}}}, {}))
        : tree(std::move(start)) {}

    Edit edit() {
        ++count;
        return {Stamp{Time(std::chrono::seconds(1700000000 + static_cast<std::int64_t>(count))), 0,
                      Operation::write},
                count, count};
    }

    // Writes the value, making missing parents with the permissions of theirs, as the daemon does.
    void write(std::string_view path, std::string_view value) {
        for (std::size_t end = path.find('/', 1); end != std::string_view::npos;
             end = path.find('/', end + 1)) {
            make(path.substr(0, end), "");
        }
        if (tree.find(path) != nullptr) {
            tree = *tree.set_value(path, Bytes(value), edit());
        } else {
            make(path, value);
        }
    }
    void permit(std::string_view path, Permissions permissions) {
        tree = *tree.set_permissions(path, std::move(permissions), edit());
    }
    void remove(std::string_view path) { tree = *tree.remove(path, edit()); }

    Tree tree;
    std::uint64_t count = 0;

  private:
    void make(std::string_view path, std::string_view value) {
        if (tree.find(path) != nullptr) return;
        const auto slash = path.rfind('/');
        const Node* const parent = tree.find(slash == 0 ? "/" : path.substr(0, slash));
        tree = *tree.create(path, {Bytes(value), parent->permissions()}, edit());
    }
};

using Random = std::mt19937;

inline std::size_t below(Random& random, std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}

inline Permissions random_permissions(Random& random) {
    std::vector<Permission> entries(1 + below(random, 3));
    for (Permission& entry : entries) {
        entry.access = static_cast<Access>(below(random, 4));
        entry.domain = static_cast<std::uint16_t>(below(random, 5));
    }
    return Permissions(entries);
}

inline std::string random_value(Random& random) {
    std::string value;
    for (std::size_t size = below(random, 12); size > 0; --size) {
        value += static_cast<char>(below(random, 4) == 0 ? below(random, 256) : 'a');
    }
    return value;
}

// All paths of a tree, "/" first.
inline std::vector<std::string> paths_of(const Tree& tree) {
    std::vector<std::string> paths;
    for (const auto& [path, node] : model_of(tree))
        paths.push_back(path);
    return paths;
}

// One random edit somewhere in the tree. `names` is how many names there are to choose from.
inline void random_edit(Random& random, Editor& editor, std::size_t names) {
    const auto paths = paths_of(editor.tree);
    const std::string& path = paths[below(random, paths.size())];
    const std::string child =
        (path == "/" ? "" : path) + "/n" + std::to_string(below(random, names));
    switch (below(random, 6)) {
        case 0:
            if (path != "/") return editor.remove(path);
            [[fallthrough]];
        case 1:
            return editor.permit(path, random_permissions(random));
        case 2:
            return editor.write(path, random_value(random));
        default:
            return editor.write(child, random_value(random));
    }
}

inline Tree random_tree(Random& random, std::size_t edits, std::size_t names = 12) {
    Editor editor;
    for (std::size_t i = 0; i < edits; ++i)
        random_edit(random, editor, names);
    return editor.tree;
}

}  // namespace stemma::store::test
