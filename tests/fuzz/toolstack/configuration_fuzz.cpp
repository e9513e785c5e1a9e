// Any text is a configuration or has faults that name a line; a configuration goes through its
// nodes and back unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "toolstack/configuration_changes.hpp"
#include "toolstack/configuration_file.hpp"
#include "toolstack/configuration_store.hpp"

using namespace stemma::toolstack;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    const auto parsed = parse_configuration(
        text, "f", [](const std::string& name) -> std::expected<std::string, std::string> {
            if (name.size() % 2 == 0) return std::unexpected("absent");
            return "$ORIGIN example.org.\n" + name + "\n";
        });
    if (!parsed) {
        if (parsed.error().empty()) std::abort();
        for (const auto& fault : parsed.error()) {
            if (fault.cause.empty() || to_string(fault).empty()) std::abort();
        }
        return 0;
    }
    const auto back = from_nodes(to_nodes(*parsed));
    if (!back || *back != *parsed) std::abort();
    if (!changes(*parsed, *back).empty()) std::abort();
    for (const auto& [name, guest] : parsed->guests)
        command_line(guest);
    return 0;
}
