#include "toolstack/display_path.hpp"

#include <algorithm>

#include "toolstack/ipv4_interface.hpp"
#include "xs_wire/name_codec.hpp"

namespace stemma::toolstack {

namespace {

std::string display_element(std::string_view element) {
    if (const auto address = xs::decode_ipv4(element)) return format_ipv4(*address);
    if (element.find('_') != std::string_view::npos) {
        const auto text = xs::decode_element(element);
        const bool fit = text && std::ranges::all_of(
                                     *text, [](char c) { return c > ' ' && c <= '~' && c != '/'; });
        if (fit) return *text;
    }
    return std::string(element);
}

}  // namespace

std::string display_path(std::string_view path) {
    std::string shown;
    while (true) {
        const auto slash = path.find('/');
        shown += display_element(path.substr(0, slash));
        if (slash == std::string_view::npos) return shown;
        shown += '/';
        path.remove_prefix(slash + 1);
    }
}

std::string display_value(std::string_view value, std::size_t longest) {
    constexpr char digits[] = "0123456789abcdef";
    std::string shown;
    for (const char c : value) {
        if (shown.size() >= longest) return shown + "...";
        if (c >= ' ' && c <= '~' && c != '\\') {
            shown += c;
        } else if (c == '\n') {
            shown += "\\n";
        } else if (c == '\\') {
            shown += "\\\\";
        } else {
            const auto byte = static_cast<unsigned char>(c);
            shown += "\\x";
            shown += digits[byte >> 4];
            shown += digits[byte & 15];
        }
    }
    return shown;
}

}  // namespace stemma::toolstack
