#include "request.hpp"

#include <array>
#include <charconv>
#include <optional>

#include "xs_wire/message.hpp"
#include "xs_wire/operation_names.hpp"

namespace conformance {

namespace {

using stemma::xs::Header;
using stemma::xs::MessageType;
using stemma::xs::operation_names;

std::optional<std::uint32_t> number(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string payload_of(std::uint32_t type, std::span<const std::string> arguments) {
    if (arguments.empty()) return std::string(1, '\0');
    std::string payload;
    for (const std::string& argument : arguments)
        payload += argument + '\0';
    if (type == static_cast<std::uint32_t>(MessageType::write) && arguments.size() > 1) {
        payload.pop_back();
    }
    return payload;
}

}  // namespace

std::string operation_name(std::uint32_t type) {
    return type < operation_names.size() ? std::string(operation_names[type])
                                         : std::to_string(type);
}

std::expected<std::uint32_t, std::string> operation_of(std::string_view name) {
    for (std::uint32_t type = 0; type < operation_names.size(); ++type) {
        if (operation_names[type] == name) return type;
    }
    if (const auto type = number(name)) return *type;
    return std::unexpected("no operation is called " + std::string(name));
}

std::expected<std::string, std::string> request_bytes(std::span<const std::string> words,
                                                      std::uint32_t request_id,
                                                      std::uint32_t transaction_id) {
    if (words.empty()) return std::unexpected("no operation");
    const auto type = operation_of(words.front());
    if (!type) return std::unexpected(type.error());
    words = words.subspan(1);
    std::optional<std::uint32_t> length;
    bool raw = false;
    for (; !words.empty(); words = words.subspan(1)) {
        const std::string_view word = words.front();
        if (word.starts_with("id=")) {
            request_id = number(word.substr(3)).value_or(0);
        } else if (word.starts_with("len=")) {
            length = number(word.substr(4));
        } else if (word == "raw") {
            raw = true;
        } else {
            break;
        }
    }
    std::string payload;
    if (!raw) {
        payload = payload_of(*type, words);
    } else if (!words.empty()) {
        payload = words.front();
    }
    const Header header{static_cast<MessageType>(*type), request_id, transaction_id,
                        length.value_or(static_cast<std::uint32_t>(payload.size()))};
    std::string bytes(Header::size, '\0');
    header.write(std::as_writable_bytes(std::span(bytes)).first<Header::size>());
    return bytes + payload;
}

}  // namespace conformance
