#include "toolstack/ipv4_interface.hpp"

#include <charconv>

namespace stemma::toolstack {

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
    std::uint32_t address = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    for (int i = 0; i < 4; ++i) {
        if (i > 0 && (at == end || *at++ != '.')) return std::nullopt;
        unsigned number = 0;
        const auto [stopped, error] = std::from_chars(at, end, number);
        const bool leading_zero = stopped - at > 1 && *at == '0';
        if (error != std::errc() || number > 255 || leading_zero) return std::nullopt;
        address = address << 8 | number;
        at = stopped;
    }
    if (at != end) return std::nullopt;
    return address;
}

std::string format_ipv4(std::uint32_t address) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        if (!text.empty()) text += '.';
        text += std::to_string(address >> shift & 255);
    }
    return text;
}

bool Ipv4Interface::is_host() const {
    const std::uint32_t first = address >> 24;
    if (first == 0 || first == 127 || first >= 224) return false;
    if (prefix > 30) return true;
    return address != network() && address != (network() | ~mask());
}

std::optional<Ipv4Interface> parse_ipv4_interface(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto address = parse_ipv4(text.substr(0, slash));
    if (!address) return std::nullopt;
    const auto digits = text.substr(slash + 1);
    unsigned prefix = 0;
    const auto [stopped, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    const bool leading_zero = digits.size() > 1 && digits.front() == '0';
    if (error != std::errc() || stopped != digits.data() + digits.size() || prefix > 32 ||
        leading_zero) {
        return std::nullopt;
    }
    return Ipv4Interface{*address, prefix};
}

std::string to_string(const Ipv4Interface& interface) {
    return format_ipv4(interface.address) + '/' + std::to_string(interface.prefix);
}

}  // namespace stemma::toolstack
