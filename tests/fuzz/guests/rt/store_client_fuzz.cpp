#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "rt/store_client.hpp"

// The bytes a hostile server sends, cut into pieces; requests are made in between, so that some of
// them are answered. Every request must be answered or told lost exactly once.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stemma::rt;
    StoreClient client;
    std::size_t taken = 0;
    std::size_t answered = 0;
    const auto count = [&](StoreResult) { ++answered; };
    std::optional<WatchId> watch;
    const auto on_event = [&](std::string_view path) {
        if (path.size() % 3 == 0 && watch && client.unwatch(*watch, count)) ++taken;
    };
    std::span<const std::uint8_t> rest(data, size);
    while (!rest.empty()) {
        const std::uint8_t step = rest.front();
        rest = rest.subspan(1);
        switch (step & 7) {
            case 0:
                taken += client.read("data/a", count);
                break;
            case 1:
                taken += client.write("data/a", "value", count);
                break;
            case 2:
                taken += client.start([&](auto) { ++answered; });
                break;
            case 3:
                if (const auto id = client.watch("data", on_event, count)) {
                    watch = id;
                    ++taken;
                }
                break;
            case 4:
                client.sent(step);
                break;
            default: {
                const auto piece = rest.first(std::min<std::size_t>(step, rest.size()));
                client.receive(std::as_bytes(piece));
                rest = rest.subspan(piece.size());
            }
        }
    }
    if (client.outstanding() + answered != taken) std::abort();
    client.connection_lost();
    if (answered != taken) std::abort();
    return 0;
}
