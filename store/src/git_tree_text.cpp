#include "git_tree_text.hpp"

#include <algorithm>

namespace stemma::store {

bool git_order(const GitTreeEntry& one, const GitTreeEntry& two) {
    const auto at = [](const GitTreeEntry& entry, std::size_t i) -> int {
        if (i < entry.name.size()) return static_cast<unsigned char>(entry.name[i]);
        return i == entry.name.size() && entry.is_tree ? '/' : 0;
    };
    const std::size_t common = std::min(one.name.size(), two.name.size());
    const int order = one.name.compare(0, common, two.name, 0, common);
    if (order != 0) return order < 0;
    return at(one, common) < at(two, common);
}

std::string git_tree_text(std::vector<GitTreeEntry>& entries) {
    if (!std::ranges::is_sorted(entries, git_order)) std::ranges::sort(entries, git_order);
    std::string text;
    std::size_t size = 0;
    for (const GitTreeEntry& entry : entries)
        size += entry.name.size() + 28;
    text.reserve(size);
    for (const GitTreeEntry& entry : entries) {
        text.append(entry.is_tree ? "40000 " : "100644 ").append(entry.name).push_back('\0');
        for (const std::uint8_t byte : entry.id)
            text += static_cast<char>(byte);
    }
    return text;
}

}  // namespace stemma::store
