#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace stemma::toolstack {

// Why a domain is shut down.
enum class Ending { none, poweroff, reboot, crash };
std::string_view name(Ending ending);  // "" for none

// What becomes of a guest that has ended.
enum class EndAction { destroy, restart };
std::string_view name(EndAction action);
std::optional<EndAction> parse_end_action(std::string_view text);

// That, by how it ended. The defaults are xl's.
struct EndPolicy {
    EndAction on_poweroff = EndAction::destroy;
    EndAction on_reboot = EndAction::restart;
    EndAction on_crash = EndAction::destroy;

    EndAction after(Ending ending) const;
    bool operator==(const EndPolicy&) const = default;
};

// Each by the key that it has in configuration files, in XenStore and in the agent's messages.
struct EndKey {
    std::string_view name;
    EndAction EndPolicy::*action;
};
inline constexpr std::array end_keys{EndKey{"on_poweroff", &EndPolicy::on_poweroff},
                                     EndKey{"on_reboot", &EndPolicy::on_reboot},
                                     EndKey{"on_crash", &EndPolicy::on_crash}};

}  // namespace stemma::toolstack
