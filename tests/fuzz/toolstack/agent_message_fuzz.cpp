// Any datagram is a message that encodes to itself, or is refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "toolstack/agent_message.hpp"

using namespace stemma::toolstack;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string bytes(data, data + size);
    const auto message = AgentMessage::decode(bytes);
    if (!message) return 0;
    if (message->encode() != bytes) std::abort();
    for (const auto& [name, value] : message->fields()) {
        if (!message->find(name)) std::abort();
        if (const auto number = message->number(name, 65535); number && *number > 65535) {
            std::abort();
        }
    }
    to_string(to_error(*message));
    return 0;
}
