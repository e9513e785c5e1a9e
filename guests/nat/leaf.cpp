#include "nat/leaf.hpp"

#include <array>
#include <charconv>

namespace stemma::nat {

namespace {

constexpr std::array<std::string_view, 5> state_names = {"active", "opening", "established",
                                                         "closing", "static"};

void append_number(std::string& text, std::uint32_t number) {
    char digits[10];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

// Cuts off what stands before the first `separator`, or all.
std::string_view take_word(std::string_view& text, char separator) {
    const auto end = text.find(separator);
    const auto word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    return word;
}

std::optional<net::Ipv4Endpoint> parse_remote(std::string_view word) {
    if (word.find(':') != std::string_view::npos) {
        const auto endpoint = net::parse_endpoint(word);
        return endpoint && endpoint->port != 0 ? endpoint : std::nullopt;
    }
    const auto address = net::parse_ipv4(word);
    if (!address) return std::nullopt;
    return net::Ipv4Endpoint{*address, 0};
}

std::optional<LeafState> parse_state(std::string_view word, Protocol protocol) {
    for (std::size_t i = 0; i < state_names.size(); ++i) {
        const auto state = static_cast<LeafState>(i);
        const bool of_tcp = state != LeafState::active;
        if (word != state_names[i]) continue;
        if (state != LeafState::made_static && of_tcp != (protocol == Protocol::tcp))
            return std::nullopt;
        return state;
    }
    return std::nullopt;
}

}  // namespace

void write_range_path(std::string& path, const InsideEndpoint& inside) {
    path += name_of(inside.protocol);
    for (int shift = 24; shift >= 0; shift -= 8) {
        path += '/';
        append_number(path, (inside.address.value >> shift) & 255);
    }
    path += '/';
    append_number(path, inside.port / ports_per_directory);
}

void write_path(std::string& path, const InsideEndpoint& inside) {
    write_range_path(path, inside);
    path += '/';
    append_number(path, inside.port);
}

void write_value(std::string& value, net::Ipv4Address outside, const Leaf& leaf) {
    value += net::to_text(net::Ipv4Endpoint{outside, leaf.outside_port}).view();
    value += ' ';
    value += state_names[static_cast<std::size_t>(leaf.state)];
    value += ' ';
    if (!leaf.remote.address.is_unspecified()) {
        value += leaf.remote.port != 0 ? net::to_text(leaf.remote).view()
                                       : net::to_text(leaf.remote.address).view();
        value += ' ';
    }
    append_number(value, leaf.expiry);
}

std::optional<InsideEndpoint> parse_range_path(std::string_view path) {
    const auto protocol = parse_protocol(take_word(path, '/'));
    if (!protocol) return std::nullopt;
    InsideEndpoint inside;
    inside.protocol = *protocol;
    for (int i = 0; i < 4; ++i) {
        const auto byte = net::parse_number(take_word(path, '/'), 255);
        if (!byte) return std::nullopt;
        inside.address.value = inside.address.value << 8 | static_cast<std::uint32_t>(*byte);
    }
    const auto range = net::parse_number(path, 65535 / ports_per_directory);
    if (!range) return std::nullopt;
    inside.port = static_cast<std::uint16_t>(*range * ports_per_directory);
    return inside;
}

std::optional<InsideEndpoint> parse_path(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    auto inside = parse_range_path(path.substr(0, slash));
    const auto port = net::parse_number(path.substr(slash + 1), 65535);
    if (!inside || !port || *port / ports_per_directory != inside->port / ports_per_directory)
        return std::nullopt;
    inside->port = static_cast<std::uint16_t>(*port);
    if (inside->port == 0 && inside->protocol != Protocol::icmp) return std::nullopt;
    return inside;
}

std::optional<Leaf> parse_value(std::string_view value, Protocol protocol,
                                net::Ipv4Address outside) {
    const auto endpoint = net::parse_endpoint(take_word(value, ' '));
    if (!endpoint || endpoint->address != outside) return std::nullopt;
    if (endpoint->port == 0 && protocol != Protocol::icmp) return std::nullopt;
    Leaf leaf;
    leaf.outside_port = endpoint->port;
    const auto state = parse_state(take_word(value, ' '), protocol);
    if (!state) return std::nullopt;
    leaf.state = *state;
    if (value.find(' ') != std::string_view::npos) {
        const auto remote = parse_remote(take_word(value, ' '));
        if (!remote || remote->address.is_unspecified()) return std::nullopt;
        leaf.remote = *remote;
    }
    const auto expiry = net::parse_number(value, 0xffffffff);
    if (!expiry) return std::nullopt;
    leaf.expiry = static_cast<std::uint32_t>(*expiry);
    return leaf;
}

}  // namespace stemma::nat
