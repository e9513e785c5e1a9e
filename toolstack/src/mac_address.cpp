#include "toolstack/mac_address.hpp"

#include "toolstack/fnv_hash.hpp"

namespace stemma::toolstack {

namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::optional<MacAddress> parse_mac(std::string_view text) {
    if (text.size() != 17) return std::nullopt;
    MacAddress mac;
    for (std::size_t i = 0; i < 6; ++i) {
        const int high = hex_value(text[3 * i]);
        const int low = hex_value(text[3 * i + 1]);
        if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':')) return std::nullopt;
        mac.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return mac;
}

std::string to_string(const MacAddress& mac) {
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const auto byte : mac.bytes) {
        if (!text.empty()) text += ':';
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

MacAddress generated_mac(std::string_view guest, unsigned index, unsigned attempt) {
    std::string seed(guest);
    seed += '/' + std::to_string(index);
    if (attempt > 0) seed += '/' + std::to_string(attempt);
    const std::uint64_t hash = fnv_hash(seed);
    return {{0x00, 0x16, 0x3e, static_cast<std::uint8_t>(hash >> 40),
             static_cast<std::uint8_t>(hash >> 20), static_cast<std::uint8_t>(hash)}};
}

MacAddress free_mac(std::string_view guest, unsigned index,
                    const std::function<bool(const MacAddress&)>& is_taken) {
    for (unsigned attempt = 0;; ++attempt) {
        const MacAddress mac = generated_mac(guest, index, attempt);
        if (!is_taken(mac)) return mac;
    }
}

}  // namespace stemma::toolstack
