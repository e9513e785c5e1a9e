#pragma once

#include <cstddef>

#include "store/node.hpp"

// What a node counts towards the quotas node-size and memory: the bytes of C 4.17's record of it.
namespace stemma::xenstored {

// A header of 24 bytes, 8 for each permission entry, the value, and the child names with their
// NULs.
constexpr std::size_t record_size(std::size_t entries, std::size_t value, std::size_t children) {
    return 24 + 8 * entries + value + children;
}

inline std::size_t children_size(const store::Node& node) {
    return node.child_name_bytes() + node.child_count();
}

inline std::size_t record_size(const store::Node& node) {
    return record_size(node.permissions().entries().size(), node.value().size(),
                       children_size(node));
}

}  // namespace stemma::xenstored
