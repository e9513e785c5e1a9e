#include "xenstored/tree_dump.hpp"

#include <vector>

#include "store/children.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

namespace {

std::string escaped(std::string_view value, std::size_t size_max) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : value) {
        if (text.size() + 7 > size_max) return text + "...";
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '\\') {
            text += c;
        } else {
            text.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
        }
    }
    return text;
}

struct Level {
    store::ChildCursor child;
    std::size_t path_length;  // of the parent
};

}  // namespace

TreeDump dump_tree(const store::Tree& tree, std::string_view top, std::string_view cursor,
                   std::size_t size_max) {
    TreeDump dump;
    const store::Node* node = tree.find(top);
    if (node == nullptr) return dump;
    std::string path(top);
    std::vector<Level> levels;
    bool fresh = cursor.empty();  // `node` is still to be written
    if (!fresh) {
        // Goes down along the cursor, leaving at each level the children behind it.
        std::string_view rest =
            cursor.substr(std::min(cursor.size(), top == "/" ? 1 : top.size() + 1));
        while (!rest.empty()) {
            const auto name = rest.substr(0, rest.find('/'));
            rest.remove_prefix(std::min(rest.size(), name.size() + 1));
            store::ChildCursor child(node->children());
            while (child.get() != nullptr && child.get()->name() <= name)
                child.next();
            const store::Node* const next = node->child(name);
            levels.push_back({child, path.size()});
            if (next == nullptr) {
                node = nullptr;
                break;
            }
            path = xs::join(path, name);
            node = next;
        }
        if (node != nullptr) levels.push_back({store::ChildCursor(node->children()), path.size()});
    }
    std::string last(cursor);
    for (;;) {
        if (fresh) {
            const std::string head = path + '\t' + node->permissions().text() + '\t';
            const std::size_t room = size_max - std::min(size_max, head.size() + path.size() + 2);
            const std::string line = head + escaped(node->value(), room) + '\n';
            if (dump.lines.size() + line.size() + path.size() > size_max && !dump.lines.empty()) {
                dump.cursor = last;
                return dump;
            }
            dump.lines += line;
            last = path;
            levels.push_back({store::ChildCursor(node->children()), path.size()});
            fresh = false;
        }
        if (levels.empty()) return dump;
        Level& level = levels.back();
        path.resize(level.path_length);
        node = level.child.get();
        if (node == nullptr) {
            levels.pop_back();
            continue;
        }
        level.child.next();
        if (node->name().starts_with('.')) continue;
        path = xs::join(path, node->name());
        fresh = true;
    }
}

}  // namespace stemma::xenstored
