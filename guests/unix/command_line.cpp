#include "unix/command_line.hpp"

#include <array>
#include <limits>
#include <string_view>

#include "net/text.hpp"

namespace stemma::hosted {

namespace {

std::unexpected<EdgeError> error(std::string_view word, std::string_view why) {
    return std::unexpected(EdgeError{std::string("option ").append(word).append(": ").append(why)});
}

std::optional<std::uint64_t> number(std::string_view text, std::uint64_t limit) {
    return net::parse_number(text, limit);
}

std::optional<int> descriptor(std::string_view text) {
    const auto value = number(text, std::numeric_limits<int>::max());
    if (!value) return std::nullopt;
    return static_cast<int>(*value);
}

// Takes the part before the next ':' off the front.
std::string_view take_part(std::string_view& text) {
    const auto part = text.substr(0, text.find(':'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    return part;
}

// "INDEX:FD:MAC[:MTU]"; a MAC has five colons of its own.
std::expected<PortOption, EdgeError> parse_port(std::string_view word, std::string_view text,
                                                std::size_t expected_index) {
    constexpr std::size_t mac_length = 17;
    const auto index = number(take_part(text), CommandLine::ports_max - 1);
    if (!index) return error(word, "the port's index is not a number from 0 to 7");
    if (*index != expected_index) return error(word, "port indexes must run 0, 1, 2, ...");
    const auto socket = descriptor(take_part(text));
    if (!socket) return error(word, "no socket descriptor after the index");
    const auto mac = net::parse_mac(text.substr(0, mac_length));
    if (!mac || mac->is_group()) return error(word, "no host's MAC address after the descriptor");
    PortOption port{*socket, *mac, 1500};
    text.remove_prefix(mac_length);
    if (text.empty()) return port;
    const auto mtu = text.front() == ':' ? number(text.substr(1), CommandLine::mtu_max)
                                         : std::optional<std::uint64_t>();
    if (!mtu || *mtu < CommandLine::mtu_min) {
        return error(word, "the MTU is not a number from 576 to 9000");
    }
    port.mtu = *mtu;
    return port;
}

}  // namespace

std::expected<CommandLine, EdgeError> CommandLine::parse(std::span<const char* const> words) {
    CommandLine line;
    std::optional<int> domain;
    std::optional<int> ring;
    std::optional<int> event_in;
    std::optional<int> event_out;
    std::optional<int> console;
    struct NumberOption {
        std::string_view name;
        std::optional<int>* value;
    };
    const std::array<NumberOption, 6> numbers{{{"--domain", &domain},
                                               {"--ring", &ring},
                                               {"--event-in", &event_in},
                                               {"--event-out", &event_out},
                                               {"--console", &console},
                                               {"--state", &line.state}}};
    std::size_t at = 0;
    for (; at < words.size() && std::string_view(words[at]) != "--"; ++at) {
        const std::string_view word = words[at];
        const auto name = word.substr(0, word.find('='));
        if (name.size() == word.size()) return error(word, "not of the form --name=value");
        const auto value = word.substr(name.size() + 1);
        if (name == "--port") {
            auto port = parse_port(word, value, line.ports.size());
            if (!port) return std::unexpected(port.error());
            line.ports.push_back(*port);
            continue;
        }
        bool known = false;
        for (const auto& option : numbers) {
            if (option.name != name) continue;
            known = true;
            if (*option.value) return error(word, "given twice");
            *option.value = descriptor(value);
            if (!*option.value) return error(word, "not a number");
        }
        if (!known) return error(word, "unknown");
    }
    for (const auto& option : numbers) {
        if (!*option.value && option.value != &line.state) return error(option.name, "missing");
    }
    if (*domain >= xs::domid_first_reserved) return error("--domain", "not a domain's number");
    line.domain = static_cast<xs::DomainId>(*domain);
    line.ring = *ring;
    line.event_in = *event_in;
    line.event_out = *event_out;
    line.console = *console;
    for (++at; at < words.size(); ++at) {
        if (!line.arguments.empty()) line.arguments += ' ';
        line.arguments += words[at];
    }
    return line;
}

}  // namespace stemma::hosted
