#include "toolstack/vif_state.hpp"

#include <array>

namespace stemma::toolstack {

std::string value(VifState state) {
    return std::to_string(static_cast<int>(state));
}

std::string describe_vif_state(std::string_view value) {
    constexpr std::array<std::string_view, 9> names{"Unknown",     "Initialising",  "InitWait",
                                                    "Initialised", "Connected",     "Closing",
                                                    "Closed",      "Reconfiguring", "Reconfigured"};
    if (value.empty()) return "absent";
    std::string text(value);
    if (value.size() == 1 && value.front() >= '0' && value.front() <= '8') {
        text += ' ';
        text += names[static_cast<std::size_t>(value.front() - '0')];
    }
    return text;
}

}  // namespace stemma::toolstack
