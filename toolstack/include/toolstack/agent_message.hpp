#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "toolstack/error.hpp"

namespace stemma::toolstack {

// What travels between the command line and the agent: one datagram a message on a SOCK_SEQPACKET
// socket, one reply for each request, in order. Text: the verb, then fields "name=value", each
// ended by a NUL. Replies have the verb "ok" or "error"; a field may occur more than once.
class AgentMessage {
  public:
    static constexpr std::size_t bytes_max = 65536;  // of a whole message
    static constexpr std::size_t fields_max = 1024;

    explicit AgentMessage(std::string verb) : verb_(std::move(verb)) {}

    // The cause in words when `bytes` are no message: too long, no end, an empty verb or name.
    static std::expected<AgentMessage, std::string> decode(std::string_view bytes);
    std::string encode() const;

    const std::string& verb() const { return verb_; }
    const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

    // `value` must hold no NUL; whatever follows one is cut off.
    AgentMessage& add(std::string name, std::string_view value);
    AgentMessage& add(std::string name, std::uint64_t value);

    // The first field of that name.
    std::optional<std::string_view> find(std::string_view name) const;
    std::string_view text(std::string_view name) const { return find(name).value_or(""); }
    // Nothing unless it is there and a decimal number of at most `max`.
    std::optional<std::uint64_t> number(std::string_view name, std::uint64_t max) const;

  private:
    std::string verb_;
    std::vector<std::pair<std::string, std::string>> fields_;
};

AgentMessage to_message(const Error& error);
// Of a message with the verb "error".
Error to_error(const AgentMessage& message);

}  // namespace stemma::toolstack
