#include "escaped_text.hpp"

#include <charconv>

namespace stemma::store {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '@' || c == '.';
}

void append_hex(std::string& text, char c) {
    const auto byte = static_cast<unsigned char>(c);
    text += hex_digits[byte >> 4];
    text += hex_digits[byte & 15];
}

}  // namespace

std::string escape_line(std::string_view text, std::size_t limit) {
    std::string line;
    for (const char c : text) {
        if (line.size() >= limit) {
            line.append("...");
            break;
        }
        if (c == '\\') {
            line.append("\\\\");
        } else if (c >= ' ' && c <= '~') {
            line += c;
        } else {
            line.append("\\x");
            append_hex(line, c);
        }
    }
    return line;
}

std::string escape_name(std::string_view name) {
    std::string text;
    for (const char c : name) {
        if (is_name_byte(c)) {
            text += c;
        } else {
            text += '%';
            append_hex(text, c);
        }
    }
    return text;
}

std::optional<std::string> unescape_name(std::string_view text) {
    std::string name;
    while (!text.empty()) {
        const char c = text.front();
        if (is_name_byte(c)) {
            name += c;
            text.remove_prefix(1);
            continue;
        }
        unsigned char byte = 0;
        if (c != '%' || text.size() < 3) return std::nullopt;
        const auto [end, error] = std::from_chars(text.data() + 1, text.data() + 3, byte, 16);
        if (error != std::errc() || end != text.data() + 3) return std::nullopt;
        name += static_cast<char>(byte);
        text.remove_prefix(3);
    }
    return name;
}

}  // namespace stemma::store
