#include "toolstack/uuid.hpp"

#include <sys/random.h>

#include <charconv>

namespace stemma::toolstack {

Uuid random_uuid() {
    Uuid bytes{};
    // 16 bytes are never cut short, and fail only before the kernel's pool is ready, when getrandom
    // waits.
    while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    }
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
    return bytes;
}

std::string to_string(const Uuid& uuid) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[uuid[i] >> 4];
        text += digits[uuid[i] & 15];
    }
    return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    Uuid uuid{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size();) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (text[i++] != '-') return std::nullopt;
            continue;
        }
        const char* const from = text.data() + i;
        const auto [end, error] = std::from_chars(from, from + 2, uuid[count++], 16);
        if (error != std::errc() || end != from + 2) return std::nullopt;
        i += 2;
    }
    return uuid;
}

}  // namespace stemma::toolstack
