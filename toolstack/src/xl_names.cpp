#include "xl_names.hpp"

#include <algorithm>

namespace stemma::toolstack {

namespace {

bool is_letter(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool continues_name(char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '_';
}

// The length of the string at the beginning, with its quotes.
std::size_t quoted(std::string_view text) {
    std::size_t i = 1;
    while (i < text.size() && text[i] != text[0])
        i += text[i] == '\\' ? 2u : 1u;
    return std::min(i + 1, text.size());
}

}  // namespace

std::map<std::string, unsigned, std::less<>> assigned_names(std::string_view text) {
    std::map<std::string, unsigned, std::less<>> names;
    unsigned line = 1;
    while (!text.empty()) {
        const char c = text.front();
        std::size_t length = 1;
        if (c == '#') {
            length = std::min(text.find('\n'), text.size());
        } else if (c == '\'' || c == '"') {
            length = quoted(text);
        } else if (is_letter(c) || is_digit(c)) {
            const auto end = std::ranges::find_if_not(text, continues_name);
            length = static_cast<std::size_t>(end - text.begin());
            if (is_letter(c)) names.insert_or_assign(std::string(text.substr(0, length)), line);
        } else if (c == '\n') {
            ++line;
        }
        text.remove_prefix(length);
    }
    return names;
}

}  // namespace stemma::toolstack
