#include "toolstack/agent_message.hpp"

#include <charconv>

namespace stemma::toolstack {

std::expected<AgentMessage, std::string> AgentMessage::decode(std::string_view bytes) {
    if (bytes.size() > bytes_max) return std::unexpected("longer than a message may be");
    if (bytes.empty() || bytes.back() != '\0') return std::unexpected("not ended by a NUL");
    const auto verb = bytes.substr(0, bytes.find('\0'));
    if (verb.empty()) return std::unexpected("no verb");
    AgentMessage message{std::string(verb)};
    bytes.remove_prefix(verb.size() + 1);
    while (!bytes.empty()) {
        const auto field = bytes.substr(0, bytes.find('\0'));
        bytes.remove_prefix(field.size() + 1);
        const auto equals = field.find('=');
        if (equals == std::string_view::npos || equals == 0) {
            return std::unexpected("a field without a name");
        }
        if (message.fields_.size() == fields_max) return std::unexpected("too many fields");
        message.fields_.emplace_back(field.substr(0, equals), field.substr(equals + 1));
    }
    return message;
}

std::string AgentMessage::encode() const {
    std::string bytes = verb_ + '\0';
    for (const auto& [name, value] : fields_) {
        bytes += name;
        bytes += '=';
        bytes += value;
        bytes += '\0';
    }
    return bytes;
}

AgentMessage& AgentMessage::add(std::string name, std::string_view value) {
    fields_.emplace_back(std::move(name), value.substr(0, value.find('\0')));
    return *this;
}

AgentMessage& AgentMessage::add(std::string name, std::uint64_t value) {
    fields_.emplace_back(std::move(name), std::to_string(value));
    return *this;
}

std::optional<std::string_view> AgentMessage::find(std::string_view name) const {
    for (const auto& [field, value] : fields_) {
        if (field == name) return value;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> AgentMessage::number(std::string_view name, std::uint64_t max) const {
    const auto digits = find(name);
    if (!digits) return std::nullopt;
    std::uint64_t value = 0;
    const char* const end = digits->data() + digits->size();
    const auto [stopped, error] = std::from_chars(digits->data(), end, value);
    if (error != std::errc() || stopped != end || value > max) return std::nullopt;
    return value;
}

AgentMessage to_message(const Error& error) {
    AgentMessage message("error");
    message.add("kind", static_cast<std::uint64_t>(error.kind))
        .add("tried", error.tried)
        .add("on", error.on)
        .add("cause", error.cause)
        .add("state", error.state)
        .add("next", error.next);
    return message;
}

Error to_error(const AgentMessage& message) {
    const auto kind = message.number("kind", static_cast<std::uint64_t>(ErrorKind::partial));
    return {.kind = kind && *kind > 0 ? static_cast<ErrorKind>(*kind) : ErrorKind::failed,
            .tried = std::string(message.text("tried")),
            .on = std::string(message.text("on")),
            .cause = std::string(message.text("cause")),
            .state = std::string(message.text("state")),
            .next = std::string(message.text("next"))};
}

}  // namespace stemma::toolstack
