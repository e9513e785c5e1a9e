#include "node_text.hpp"

#include <charconv>

#include "escaped_text.hpp"

namespace stemma::store {
namespace {

std::optional<Permission> parse_permission(std::string_view word) {
    static constexpr std::string_view letters = "nrwb";
    if (word.size() < 2) return std::nullopt;
    const auto access = letters.find(word.front());
    if (access == std::string_view::npos) return std::nullopt;
    Permission permission;
    permission.access = static_cast<Access>(access);
    const char* const end = word.data() + word.size();
    const auto [stopped, error] = std::from_chars(word.data() + 1, end, permission.domain);
    if (error != std::errc() || stopped != end) return std::nullopt;
    return permission;
}

std::optional<std::vector<Permission>> parse_permissions(std::string_view words) {
    std::vector<Permission> permissions;
    while (!words.empty()) {
        const auto word = words.substr(0, words.find(' '));
        const auto permission = parse_permission(word);
        if (!permission) return std::nullopt;
        permissions.push_back(*permission);
        words.remove_prefix(word.size());
        if (!words.empty()) words.remove_prefix(1);
    }
    return permissions;
}

// Takes one line into `text`; false if it is none.
bool take_line(std::string_view key, std::string_view rest, NodeText& text) {
    if (key == "permissions") {
        if (text.permissions) return false;
        text.permissions = parse_permissions(rest);
        return text.permissions.has_value();
    }
    auto name = unescape_name(rest);
    if (!name || name->empty()) return false;
    if (key == "child") {
        text.order.push_back(std::move(*name));
        return true;
    }
    if (key != "name" || text.name) return false;
    text.name = std::move(*name);
    return true;
}

}  // namespace

std::string format_node_text(const NodeText& text) {
    std::string lines;
    if (text.name) lines += "name " + escape_name(*text.name) + "\n";
    if (text.permissions) {
        lines += "permissions";
        const std::string entries = Permissions(*text.permissions).text();
        if (!entries.empty()) lines.append(" ").append(entries);
        lines += "\n";
    }
    for (const std::string& name : text.order)
        lines += "child " + escape_name(name) + "\n";
    return lines;
}

std::expected<NodeText, std::string> parse_node_text(std::string_view text) {
    NodeText parsed;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        const auto space = line.find(' ');
        const auto rest = space == std::string_view::npos ? "" : line.substr(space + 1);
        if (end == std::string_view::npos || !take_line(line.substr(0, space), rest, parsed)) {
            return std::unexpected("line " + std::to_string(number) + " is not one of .node: \"" +
                                   escape_line(line, 80) + "\"");
        }
        text.remove_prefix(end + 1);
    }
    return parsed;
}

}  // namespace stemma::store
