#include "net/text.hpp"

namespace stemma::net {

namespace {

constexpr char hex_digits[] = "0123456789abcdef";

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

template <std::size_t N>
void append(ShortText<N>& text, Ipv4Address address) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        if (shift != 24) text.append('.');
        text.append((address.value >> shift) & 255U);
    }
}

// `text` up to `separator`, which goes with it; nothing if there is none.
std::optional<std::string_view> cut(std::string_view& text, char separator) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return std::nullopt;
    const auto head = text.substr(0, at);
    text.remove_prefix(at + 1);
    return head;
}

}  // namespace

ShortText<15> to_text(Ipv4Address address) {
    ShortText<15> text;
    append(text, address);
    return text;
}

ShortText<18> to_text(const Ipv4Interface& interface) {
    ShortText<18> text;
    append(text, interface.address);
    text.append('/');
    text.append(unsigned{interface.prefix_length});
    return text;
}

ShortText<21> to_text(const Ipv4Endpoint& endpoint) {
    ShortText<21> text;
    append(text, endpoint.address);
    text.append(':');
    text.append(unsigned{endpoint.port});
    return text;
}

ShortText<17> to_text(const MacAddress& mac) {
    ShortText<17> text;
    for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
        if (i > 0) text.append(':');
        text.append(hex_digits[mac.bytes[i] >> 4]);
        text.append(hex_digits[mac.bytes[i] & 15]);
    }
    return text;
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t limit) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc() || stopped != end || number > limit)
        return std::nullopt;
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    return number;
}

std::optional<Ipv4Address> parse_ipv4(std::string_view text) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
        const auto part = i < 3 ? cut(text, '.') : text;
        const auto number = part ? parse_number(*part, 255) : std::nullopt;
        if (!number) return std::nullopt;
        value = value << 8 | static_cast<std::uint32_t>(*number);
    }
    return Ipv4Address{value};
}

std::optional<Ipv4Interface> parse_interface(std::string_view text) {
    const auto head = cut(text, '/');
    const auto address = parse_ipv4(head ? *head : text);
    const auto prefix = head ? parse_number(text, 32) : 32;
    if (!address || !prefix) return std::nullopt;
    return Ipv4Interface{*address, static_cast<std::uint8_t>(*prefix)};
}

std::optional<Ipv4Endpoint> parse_endpoint(std::string_view text) {
    const auto head = cut(text, ':');
    const auto address = head ? parse_ipv4(*head) : std::nullopt;
    const auto port = parse_number(text, 65535);
    if (!address || !port) return std::nullopt;
    return Ipv4Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

std::optional<MacAddress> parse_mac(std::string_view text) {
    MacAddress mac;
    if (text.size() != 17) return std::nullopt;
    for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
        const int high = hex_value(text[3 * i]);
        const int low = hex_value(text[3 * i + 1]);
        if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':')) return std::nullopt;
        mac.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return mac;
}

std::optional<VifAddress> parse_vif_address(std::string_view text) {
    const auto vif = cut(text, ',');
    if (!vif || !vif->starts_with("vif")) return std::nullopt;
    const auto number = parse_number(vif->substr(3), 255);
    const auto interface = parse_interface(text);
    if (!number || !interface) return std::nullopt;
    return VifAddress{static_cast<unsigned>(*number), *interface};
}

}  // namespace stemma::net
