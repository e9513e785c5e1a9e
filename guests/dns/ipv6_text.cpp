#include "dns/ipv6_text.hpp"

#include <algorithm>
#include <charconv>

#include "net/byte_order.hpp"
#include "net/text.hpp"

namespace stemma::dns {

std::optional<std::array<std::uint8_t, 16>> parse_ipv6(std::string_view text) {
    std::array<std::uint8_t, 16> address{};
    std::size_t size = 0;
    std::optional<std::size_t> gap;  // where "::" stands
    if (text.starts_with("::")) {
        gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        const auto colon = text.find(':');
        const auto group = text.substr(0, colon);
        if (colon == std::string_view::npos && group.find('.') != std::string_view::npos) {
            const auto tail = net::parse_ipv4(group);
            if (!tail || size > 12) return std::nullopt;
            net::store_be32(&address[size], tail->value);
            size += 4;
            break;
        }
        std::uint16_t number = 0;
        const char* const end = group.data() + group.size();
        const auto [stopped, error] = std::from_chars(group.data(), end, number, 16);
        if (group.empty() || group.size() > 4 || error != std::errc() || stopped != end ||
            size > 14)
            return std::nullopt;
        net::store_be16(&address[size], number);
        size += 2;
        if (colon == std::string_view::npos) break;
        text.remove_prefix(colon + 1);
        if (text.starts_with(':')) {
            if (gap) return std::nullopt;
            gap = size;
            text.remove_prefix(1);
        } else if (text.empty()) {
            return std::nullopt;
        }
    }
    if (gap ? size > 14 : size != 16) return std::nullopt;
    if (gap) {
        const auto middle = address.begin() + static_cast<std::ptrdiff_t>(*gap);
        const auto filled = address.begin() + static_cast<std::ptrdiff_t>(size);
        std::move_backward(middle, filled, address.end());
        std::fill(middle, middle + (16 - static_cast<std::ptrdiff_t>(size)), std::uint8_t{0});
    }
    return address;
}

}  // namespace stemma::dns
