#include "toolstack/end_policy.hpp"

namespace stemma::toolstack {

std::string_view name(Ending ending) {
    switch (ending) {
        case Ending::poweroff:
            return "poweroff";
        case Ending::reboot:
            return "reboot";
        case Ending::crash:
            return "crash";
        case Ending::none:
            break;
    }
    return "";
}

std::string_view name(EndAction action) {
    return action == EndAction::restart ? "restart" : "destroy";
}

std::optional<EndAction> parse_end_action(std::string_view text) {
    for (const auto action : {EndAction::destroy, EndAction::restart}) {
        if (text == name(action)) return action;
    }
    return std::nullopt;
}

EndAction EndPolicy::after(Ending ending) const {
    switch (ending) {
        case Ending::poweroff:
            return on_poweroff;
        case Ending::reboot:
            return on_reboot;
        case Ending::crash:
            return on_crash;
        case Ending::none:
            break;
    }
    return EndAction::destroy;
}

}  // namespace stemma::toolstack
