// Whatever somebody wrote below /stemma is a configuration or an error that names its path. Input:
// lines "path=value".
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "toolstack/configuration_store.hpp"

using namespace stemma::toolstack;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + size);
    ConfigurationNodes nodes;
    for (std::string_view rest = text; !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        nodes[std::string(line.substr(0, equals))] = line.substr(equals + 1);
    }
    const auto configuration = from_nodes(nodes);
    if (!configuration) {
        if (!configuration.error().on.starts_with("/stemma/")) std::abort();
        return 0;
    }
    const auto again = from_nodes(to_nodes(*configuration));
    if (!again || *again != *configuration) std::abort();
    return 0;
}
