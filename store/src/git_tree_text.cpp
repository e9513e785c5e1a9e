#include "git_tree_text.hpp"

#include <algorithm>

namespace stemma::store {

bool git_order(std::string_view one, bool one_is_tree, std::string_view two, bool two_is_tree) {
    const auto at = [](std::string_view name, bool is_tree, std::size_t i) -> int {
        if (i < name.size()) return static_cast<unsigned char>(name[i]);
        return i == name.size() && is_tree ? '/' : 0;
    };
    const std::size_t common = std::min(one.size(), two.size());
    const int order = one.substr(0, common).compare(two.substr(0, common));
    if (order != 0) return order < 0;
    return at(one, one_is_tree, common) < at(two, two_is_tree, common);
}

void append_tree_entry(std::string& text, const GitTreeEntry& entry) {
    text.append(entry.is_tree ? "40000 " : "100644 ").append(entry.name).push_back('\0');
    text.append(entry.id.begin(), entry.id.end());
}

std::optional<std::vector<GitTreeEntry>> tree_entries(std::string_view text) {
    std::vector<GitTreeEntry> entries;
    while (!text.empty()) {
        GitTreeEntry entry;
        const auto space = text.find(' ');
        const auto end = text.find('\0');
        if (space == std::string_view::npos || end == std::string_view::npos || end < space ||
            text.size() - end - 1 < entry.id.size()) {
            return std::nullopt;
        }
        entry.is_tree = text.substr(0, space) == "40000";
        entry.name = text.substr(space + 1, end - space - 1);
        std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(end) + 1, entry.id.size(),
                    entry.id.begin());
        text.remove_prefix(end + 1 + entry.id.size());
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::string git_tree_text(std::vector<GitTreeEntry>& entries) {
    const auto before = [](const GitTreeEntry& one, const GitTreeEntry& two) {
        return git_order(one, two);
    };
    if (!std::ranges::is_sorted(entries, before)) std::ranges::sort(entries, before);
    std::string text;
    std::size_t size = 0;
    for (const GitTreeEntry& entry : entries)
        size += entry.name.size() + 28;
    text.reserve(size);
    for (const GitTreeEntry& entry : entries)
        append_tree_entry(text, entry);
    return text;
}

}  // namespace stemma::store
