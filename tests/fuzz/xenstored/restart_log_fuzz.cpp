// The entries of a restart log's file and the records in them: whatever the bytes, they are played
// or refused.
#include <cstdint>
#include <string_view>

#include "xenstored/log_format.hpp"
#include "xenstored/record_player.hpp"

using namespace stemma::xenstored;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::span<const std::byte> bytes = std::as_bytes(std::span(data + 1, size - 1));
    State state;
    if (data[0] % 2 == 0) {
        (void)play(state, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        State again;
        write_state(state, [&](std::string_view records) {
            if (!play(again, records)) __builtin_trap();
            return true;
        });
        return 0;
    }
    log_format::Visitor visitor;
    visitor.frame = [&](std::string_view records) { return play(state, records).has_value(); };
    visitor.received = [](ConnectionId, std::string_view) { return true; };
    visitor.sent = [](ConnectionId, std::size_t) { return true; };
    log_format::read_entries(bytes, visitor);
    return 0;
}
