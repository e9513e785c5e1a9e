#include "xenstored/payload.hpp"

#include <algorithm>
#include <limits>

namespace stemma::xenstored {

namespace {

bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 16;
}

struct Scanned {
    long value = 0;
    std::size_t length = 0;  // 0: no number
};

Scanned scan(std::string_view text, int base) {
    std::size_t at = 0;
    while (at < text.size() && is_blank(text[at]))
        ++at;
    bool negative = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
    if (base == 0) {
        base = 10;
        if (at < text.size() && text[at] == '0') {
            base = 8;
            if (at + 2 < text.size() && (text[at + 1] == 'x' || text[at + 1] == 'X') &&
                digit_value(text[at + 2]) < 16) {
                base = 16;
                at += 2;
            }
        }
    }
    using Limits = std::numeric_limits<long>;
    const std::size_t first_digit = at;
    long value = 0;
    bool too_large = false;
    for (; at < text.size() && digit_value(text[at]) < base; ++at) {
        const long digit = digit_value(text[at]);
        too_large = too_large || value > (Limits::max() - digit) / base;
        if (!too_large) value = value * base + digit;
    }
    if (at == first_digit) return {};
    if (too_large) return {negative ? Limits::min() : Limits::max(), at};
    return {negative ? -value : value, at};
}

}  // namespace

std::string_view characters(std::span<const std::byte> payload) {
    return {reinterpret_cast<const char*>(payload.data()), payload.size()};
}

std::optional<std::string_view> one_string(std::string_view payload) {
    if (payload.empty() || payload.find('\0') != payload.size() - 1) return std::nullopt;
    return payload.substr(0, payload.size() - 1);
}

std::vector<std::string_view> strings(std::string_view payload) {
    std::vector<std::string_view> found;
    for (auto nul = payload.find('\0'); nul != std::string_view::npos; nul = payload.find('\0')) {
        found.push_back(payload.substr(0, nul));
        payload.remove_prefix(nul + 1);
    }
    return found;
}

std::size_t path_levels(std::string_view payload) {
    const std::string_view path = payload.substr(0, payload.find('\0'));
    return static_cast<std::size_t>(std::ranges::count(path, '/'));
}

std::optional<StringAndRest> string_and_rest(std::string_view payload) {
    const auto nul = payload.find('\0');
    if (nul == std::string_view::npos) return std::nullopt;
    return StringAndRest{payload.substr(0, nul), payload.substr(nul + 1)};
}

int leading_number(std::string_view text) {
    return static_cast<int>(scan(text, 10).value);  // the lower half, as atoi() gives
}

std::optional<long> whole_number(std::string_view text) {
    const Scanned scanned = scan(text, 0);
    if (scanned.length == 0 || scanned.length != text.size()) return std::nullopt;
    return scanned.value;
}

}  // namespace stemma::xenstored
