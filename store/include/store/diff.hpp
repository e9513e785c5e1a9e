// What differs between two versions of a tree. Subtrees and pages of a directory that both share
// are skipped by their address, so for versions of one tree the cost follows the change and not the
// size; trees made apart are compared node by node, with the same answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "store/tree.hpp"

namespace stemma::store {

struct Change {
    enum class Kind : std::uint8_t {
        added,
        removed,
        changed,  // value or permissions; number, generation and stamp do not count
    };
    Kind kind = Kind::changed;
    std::string_view path;         // valid during the call
    const Node* before = nullptr;  // null if added
    const Node* after = nullptr;   // null if removed
};

// What a comparison looked at, for tests of its cost: nodes, and pages of directories skipped.
struct Visited {
    std::size_t nodes = 0;
    std::size_t pages = 0;
};

// Calls `visit` for each node that differs, a parent before its children and siblings by name; of a
// subtree added or removed, for each node of it.
void diff(const Tree& before, const Tree& after, const std::function<void(const Change&)>& visit,
          Visited* visited = nullptr);

// The same for one subtree, which lies at `path` in both; either may be null.
void diff(const Node* before, const Node* after, std::string_view path,
          const std::function<void(const Change&)>& visit, Visited* visited = nullptr);

// The same, for a log that is played back by Tree::place() and Tree::cut(): number, generation and
// stamp count as well, and of a subtree removed only its top is reported.
void diff_exactly(const Tree& before, const Tree& after,
                  const std::function<void(const Change&)>& visit);

}  // namespace stemma::store
