// Any text is cut into chunks that join to it, or refused; the first byte chooses an origin.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "toolstack/zone_file.hpp"

using namespace stemma::toolstack;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(data + 1, data + size);
    const auto zone = make_zone(text, data[0] % 2 == 0 ? "" : "example.org");
    if (!zone) {
        if (zone.error().cause.empty()) std::abort();
        return 0;
    }
    std::string joined;
    for (std::size_t i = 0; i < zone->chunks.size(); ++i) {
        const auto& chunk = zone->chunks[i];
        if (chunk.empty() || chunk.size() > zone_chunk_max) std::abort();
        if (!chunk.ends_with('\n') && i + 1 != zone->chunks.size()) std::abort();
        joined += chunk;
    }
    if (joined != text || !is_domain_name(zone->origin) || !zone->origin.ends_with('.')) {
        std::abort();
    }
    return 0;
}
