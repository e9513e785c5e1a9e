#include "dns/data_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "dns/escape.hpp"
#include "dns/ipv6_text.hpp"
#include "net/byte_order.hpp"
#include "net/text.hpp"

namespace stemma::dns {

namespace {

using Bytes = std::vector<std::uint8_t>;

std::unexpected<std::string> wrong(std::string_view what, std::string_view text) {
    return std::unexpected(std::string(what).append(" ").append(quote(text)));
}

// Unlike an address's parts, numbers of master files may have leading zeros.
std::optional<std::uint32_t> parse_unsigned(std::string_view text, std::uint32_t limit) {
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc() || stopped != end || number > limit)
        return std::nullopt;
    return number;
}

void append_be16(Bytes& data, std::uint32_t number) {
    data.resize(data.size() + 2);
    net::store_be16(&data[data.size() - 2], static_cast<std::uint16_t>(number));
}

void append_be32(Bytes& data, std::uint32_t number) {
    data.resize(data.size() + 4);
    net::store_be32(&data[data.size() - 4], number);
}

std::expected<void, std::string> append_string(std::string_view text, Bytes& data) {
    const std::size_t start = data.size();
    data.push_back(0);
    for (auto rest = text; !rest.empty();) {
        const auto byte = take_escaped(rest);
        if (!byte) return wrong("bad escape in", text);
        data.push_back(*byte);
    }
    const std::size_t length = data.size() - start - 1;
    if (length > 255) return std::unexpected("string longer than 255 bytes");
    data[start] = static_cast<std::uint8_t>(length);
    return {};
}

// RFC 3597 5: "\#", a length, and that many bytes in hexadecimal, in any number of words.
std::expected<void, std::string> parse_generic(std::span<const Token> tokens, Bytes& data) {
    const auto length = tokens.size() > 1 ? parse_unsigned(tokens[1].text, 65535) : std::nullopt;
    if (!length) return std::unexpected("'\\#' without a length");
    int high = -1;
    for (const auto& token : tokens.subspan(2)) {
        for (const char c : token.text) {
            int digit = 0;
            const auto [stopped, error] = std::from_chars(&c, &c + 1, digit, 16);
            if (error != std::errc() || stopped != &c + 1)
                return wrong("not hexadecimal:", token.text);
            if (high >= 0) data.push_back(static_cast<std::uint8_t>(high * 16 + digit));
            high = high >= 0 ? -1 : digit;
        }
    }
    if (high >= 0 || data.size() != *length)
        return std::unexpected("'\\#' gives a length of " + std::to_string(*length) + " for " +
                               std::to_string(data.size()) + (high >= 0 ? ".5" : "") + " bytes");
    return {};
}

std::expected<void, std::string> parse_field(Field field, const Token& token, const Name& origin,
                                             Bytes& data) {
    const auto text = token.text;
    switch (field) {
        case Field::ipv4: {
            const auto address = net::parse_ipv4(text);
            if (!address) return wrong("not an IPv4 address:", text);
            append_be32(data, address->value);
            return {};
        }
        case Field::ipv6: {
            const auto address = parse_ipv6(text);
            if (!address) return wrong("not an IPv6 address:", text);
            data.insert(data.end(), address->begin(), address->end());
            return {};
        }
        case Field::name: {
            const auto name = Name::from_text(text, origin);
            if (!name) return wrong(std::string(name.error().cause).append(" in"), text);
            data.insert(data.end(), name->wire().begin(), name->wire().end());
            return {};
        }
        case Field::number16: {
            const auto number = parse_unsigned(text, 65535);
            if (!number) return wrong("not a number up to 65535:", text);
            append_be16(data, *number);
            return {};
        }
        case Field::number32: {
            const auto number = parse_unsigned(text, UINT32_MAX);
            if (!number) return wrong("not a number up to 4294967295:", text);
            append_be32(data, *number);
            return {};
        }
        case Field::period: {
            const auto period = parse_period(text);
            if (!period) return wrong("not a period up to 2147483647 seconds:", text);
            append_be32(data, *period);
            return {};
        }
        case Field::strings:
            return append_string(text, data);
        case Field::none:
            break;
    }
    return std::unexpected(std::string("unexpected data"));
}

}  // namespace

std::optional<std::uint32_t> parse_period(std::string_view text) {
    constexpr std::uint64_t limit = 0x7fffffff;
    std::uint64_t sum = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        std::uint32_t number = 0;
        const char* const end = text.data() + text.size();
        const auto [stopped, error] = std::from_chars(text.data(), end, number);
        if (error != std::errc()) return std::nullopt;
        std::uint32_t unit = 1;
        if (stopped != end) {
            switch (*stopped | 0x20) {
                case 'w':
                    unit = 604800;
                    break;
                case 'd':
                    unit = 86400;
                    break;
                case 'h':
                    unit = 3600;
                    break;
                case 'm':
                    unit = 60;
                    break;
                case 's':
                    break;
                default:
                    return std::nullopt;
            }
        }
        sum += std::uint64_t{number} * unit;
        if (sum > limit) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(stopped - text.data()) + (stopped != end));
    }
    return static_cast<std::uint32_t>(sum);
}

std::expected<void, std::string> parse_data(RecordType type, std::span<const Token> tokens,
                                            const Name& origin, Bytes& data) {
    data.clear();
    if (!tokens.empty() && tokens[0].text == "\\#" && !tokens[0].quoted) {
        if (const auto parsed = parse_generic(tokens, data); !parsed) return parsed;
        if (!check_data(type, data))
            return std::unexpected("the bytes are no data of type " + to_text(type));
        return {};
    }
    const auto* description = describe(type);
    if (!description)
        return std::unexpected("data of type " + to_text(type) + " must be written as '\\# ...'");
    std::size_t used = 0;
    for (const Field* field = description->fields; *field != Field::none; ++field) {
        do {
            if (used == tokens.size()) return std::unexpected(to_text(type) + " data breaks off");
            if (const auto parsed = parse_field(*field, tokens[used], origin, data); !parsed)
                return parsed;
            ++used;
        } while (*field == Field::strings && used < tokens.size());
    }
    if (used < tokens.size()) return wrong("unexpected word", tokens[used].text);
    if (data.size() > 65535) return std::unexpected("data longer than 65535 bytes");
    return {};
}

std::size_t name_size(std::span<const std::uint8_t> data) {
    std::size_t at = 0;
    while (at < data.size() && at < name_max) {
        if (data[at] == 0) return at + 1;
        if (data[at] > label_max) return 0;
        at += data[at] + 1U;
    }
    return 0;
}

bool check_data(RecordType type, std::span<const std::uint8_t> data) {
    if (type == RecordType::a) return data.size() == 4;
    if (type == RecordType::aaaa) return data.size() == 16;
    if (type == RecordType::txt) {
        if (data.empty()) return false;
        while (!data.empty() && data.size() > data[0])
            data = data.subspan(data[0] + 1U);
        return data.empty();
    }
    const DataForm form = data_form(type);
    if (form.names == 0) return true;
    if (data.size() < form.prefix) return false;
    data = data.subspan(form.prefix);
    for (int i = 0; i < form.names; ++i) {
        const std::size_t size = name_size(data);
        if (size == 0) return false;
        data = data.subspan(size);
    }
    return data.size() == form.suffix;
}

}  // namespace stemma::dns
