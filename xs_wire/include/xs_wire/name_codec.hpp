#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// How addresses and names that people use are spelled where only [A-Za-z0-9-/_@] is legal: in
// XenStore paths and in git refs.
//
//   IPv4        10.0.0.2             10-0-0-2
//   IPv6        fe80::1              fe80-0-0-0-0-0-0-1
//   DNS name    www.example.org      org/example/www    (lower case; the root zone is "")
//   any text    web server.1         web_20server_2e1
namespace stemma::xs {

namespace detail {
constexpr bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}
constexpr int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}
constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
}  // namespace detail

// One path element from any bytes: every byte outside [A-Za-z0-9-] becomes "_hh".
inline std::string encode_element(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string element;
    element.reserve(text.size());
    for (const char c : text) {
        if (detail::is_plain(c)) {
            element += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            element += '_';
            element += digits[byte >> 4];
            element += digits[byte & 15];
        }
    }
    return element;
}

// The inverse; nothing for text that encode_element() does not write.
inline std::optional<std::string> decode_element(std::string_view element) {
    std::string text;
    text.reserve(element.size());
    for (std::size_t i = 0; i < element.size(); ++i) {
        if (detail::is_plain(element[i])) {
            text += element[i];
            continue;
        }
        if (element[i] != '_' || element.size() - i < 3) return std::nullopt;
        const int high = detail::hex_value(element[i + 1]);
        const int low = detail::hex_value(element[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        const char c = static_cast<char>(high * 16 + low);
        if (detail::is_plain(c)) return std::nullopt;
        text += c;
        i += 2;
    }
    return text;
}

// `address` in host byte order.
inline std::string encode_ipv4(std::uint32_t address) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        char digits[4];
        const auto end =
            std::to_chars(digits, digits + sizeof digits, (address >> shift) & 255).ptr;
        if (!text.empty()) text += '-';
        text.append(digits, end);
    }
    return text;
}

namespace detail {
// Numbers in `base` joined by '-', exactly N of them, written without leading zeros.
template <std::size_t N>
std::optional<std::array<std::uint32_t, N>> parse_numbers(std::string_view text, int base,
                                                          std::uint32_t limit) {
    std::array<std::uint32_t, N> numbers{};
    const char* at = text.data();
    const char* const end = at + text.size();
    for (std::size_t i = 0; i < N; ++i) {
        if (i > 0 && (at == end || *at++ != '-')) return std::nullopt;
        const auto [stopped, error] = std::from_chars(at, end, numbers[i], base);
        const bool leading_zero = stopped - at > 1 && *at == '0';
        if (error != std::errc() || numbers[i] > limit || leading_zero) return std::nullopt;
        at = stopped;
    }
    if (at != end) return std::nullopt;
    return numbers;
}
}  // namespace detail

inline std::optional<std::uint32_t> decode_ipv4(std::string_view text) {
    const auto numbers = detail::parse_numbers<4>(text, 10, 255);
    if (!numbers) return std::nullopt;
    const auto& n = *numbers;
    return n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3];
}

// `address` in network byte order, as it travels.
inline std::string encode_ipv6(const std::array<std::uint8_t, 16>& address) {
    std::string text;
    for (std::size_t i = 0; i < 16; i += 2) {
        char digits[5];
        const unsigned group = static_cast<unsigned>(address[i] << 8 | address[i + 1]);
        const auto end = std::to_chars(digits, digits + sizeof digits, group, 16).ptr;
        if (!text.empty()) text += '-';
        text.append(digits, end);
    }
    return text;
}

inline std::optional<std::array<std::uint8_t, 16>> decode_ipv6(std::string_view text) {
    const auto numbers = detail::parse_numbers<8>(text, 16, 0xffff);
    if (!numbers) return std::nullopt;
    std::array<std::uint8_t, 16> address{};
    for (std::size_t i = 0; i < 8; ++i) {
        address[2 * i] = static_cast<std::uint8_t>((*numbers)[i] >> 8);
        address[2 * i + 1] = static_cast<std::uint8_t>((*numbers)[i]);
    }
    // from_chars takes upper-case digits too, encode_ipv6() never writes them
    for (const char c : text) {
        if (c >= 'A' && c <= 'F') return std::nullopt;
    }
    return address;
}

// A DNS name in presentation form ("www.example.org", with or without the last dot; no escapes) as
// a relative path, root first and in lower case. Nothing for an empty label; "" and "." are the
// root, "".
inline std::optional<std::string> encode_dns_name(std::string_view name) {
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    std::string path;
    while (!name.empty()) {
        const auto dot = name.rfind('.');
        const auto label = dot == std::string_view::npos ? name : name.substr(dot + 1);
        if (label.empty() || dot == 0) return std::nullopt;
        std::string lower(label);
        for (char& c : lower)
            c = detail::to_lower(c);
        if (!path.empty()) path += '/';
        path += encode_element(lower);
        name = dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
    }
    return path;
}

// The inverse, without a last dot; nothing for what encode_dns_name() does not write.
inline std::optional<std::string> decode_dns_name(std::string_view path) {
    std::string name;
    while (!path.empty()) {
        const auto slash = path.rfind('/');
        const auto label =
            decode_element(slash == std::string_view::npos ? path : path.substr(slash + 1));
        if (!label || label->empty() || slash == 0) return std::nullopt;
        for (const char c : *label) {
            if (c == '.' || c != detail::to_lower(c)) return std::nullopt;
        }
        if (!name.empty()) name += '.';
        name += *label;
        path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    }
    return name;
}

}  // namespace stemma::xs
