#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// The escapes of master files, RFC 1035 5.1: "\X" is the character X without its special meaning,
// "\DDD" the byte of that decimal value.
namespace stemma::dns {

// Takes one byte, escaped or not, from the front of `text`, which is not empty. Nothing for an
// escape that breaks off or is over 255.
inline std::optional<std::uint8_t> take_escaped(std::string_view& text) {
    const auto digit = [&](std::size_t i) {
        return i < text.size() && text[i] >= '0' && text[i] <= '9';
    };
    const char first = text.front();
    if (first != '\\') {
        text.remove_prefix(1);
        return static_cast<std::uint8_t>(first);
    }
    if (text.size() < 2) return std::nullopt;
    if (!digit(1)) {
        const char escaped = text[1];
        text.remove_prefix(2);
        return static_cast<std::uint8_t>(escaped);
    }
    if (!digit(2) || !digit(3)) return std::nullopt;
    const int value = (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    if (value > 255) return std::nullopt;
    text.remove_prefix(4);
    return static_cast<std::uint8_t>(value);
}

// Appends a byte of a label so that a master file, and a terminal, reads it back.
inline void append_escaped(std::string& text, std::uint8_t byte) {
    if (byte <= 0x20 || byte >= 0x7f) {
        text += '\\';
        text += static_cast<char>('0' + byte / 100);
        text += static_cast<char>('0' + byte / 10 % 10);
        text += static_cast<char>('0' + byte % 10);
        return;
    }
    const char c = static_cast<char>(byte);
    if (std::string_view(".\\\"();@$").find(c) != std::string_view::npos) text += '\\';
    text += c;
}

}  // namespace stemma::dns
