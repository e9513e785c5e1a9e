#include "store/diff.hpp"

#include <string>
#include <vector>

#include "child_pair.hpp"

namespace stemma::store {
namespace {

// The stack is explicit, since a guest chooses the depth.
struct Frame {
    ChildPair children;
    std::size_t path_size;  // of the directory's own path
};

enum class Compare { content, everything };

bool is_same(const Node& before, const Node& after, Compare compare) {
    if (compare == Compare::everything &&
        (before.number() != after.number() || before.generation() != after.generation() ||
         before.stamp() != after.stamp())) {
        return false;
    }
    return before.parts().value == after.parts().value &&
           before.permissions() == after.permissions();
}

void report(const Node* before, const Node* after, std::string_view path, Compare compare,
            const std::function<void(const Change&)>& visit) {
    if (before == nullptr) return visit({Change::Kind::added, path, before, after});
    if (after == nullptr) return visit({Change::Kind::removed, path, before, after});
    if (is_same(*before, *after, compare)) return;
    visit({Change::Kind::changed, path, before, after});
}

void walk(const Node* before, const Node* after, std::string_view path, Compare compare,
          const std::function<void(const Change&)>& visit, Visited& count) {
    ++count.nodes;
    if (before == after) return;
    report(before, after, path, compare, visit);

    std::string here(path == "/" ? "" : path);
    std::vector<Frame> stack;
    stack.push_back({ChildPair(before, after, count), here.size()});
    while (!stack.empty()) {
        here.resize(stack.back().path_size);
        const Node* one = nullptr;
        const Node* two = nullptr;
        if (!stack.back().children.next(one, two)) {
            stack.pop_back();
            continue;
        }
        here.append("/").append((one ? one : two)->name());
        report(one, two, here, compare, visit);
        if (two == nullptr && compare == Compare::everything) continue;
        const bool same = one && two && one->children().same(two->children());
        if (!same) stack.push_back({ChildPair(one, two, count), here.size()});
    }
}

}  // namespace

void diff(const Tree& before, const Tree& after, const std::function<void(const Change&)>& visit,
          Visited* visited) {
    diff(&before.root(), &after.root(), "/", visit, visited);
}

void diff(const Node* before, const Node* after, std::string_view path,
          const std::function<void(const Change&)>& visit, Visited* visited) {
    Visited own;
    walk(before, after, path, Compare::content, visit, visited ? *visited : own);
}

void diff_exactly(const Tree& before, const Tree& after,
                  const std::function<void(const Change&)>& visit) {
    Visited count;
    walk(&before.root(), &after.root(), "/", Compare::everything, visit, count);
}

}  // namespace stemma::store
