#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

// Packets as tests write them: hex digits, blanks anywhere.
namespace stemma::net::test {

using Bytes = std::vector<std::uint8_t>;

inline Bytes hex(std::string_view text) {
    Bytes bytes;
    int high = -1;
    for (const char c : text) {
        if (c == ' ' || c == '\n') continue;
        const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
        if (high < 0) {
            high = digit;
        } else {
            bytes.push_back(static_cast<std::uint8_t>(high * 16 + digit));
            high = -1;
        }
    }
    return bytes;
}

// A copy of exactly `size` bytes on the heap, so that reading past its end is seen by ASan.
inline Bytes cut(std::span<const std::uint8_t> bytes, std::size_t size) {
    Bytes exact(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    exact.shrink_to_fit();
    return exact;
}

}  // namespace stemma::net::test
