#include "bring_about.hpp"
#include "commands.hpp"
#include "toolstack/configuration_file.hpp"
#include "toolstack/configuration_store.hpp"

namespace stemma::toolstack {

namespace {
constexpr int plans_max = 5;  // when others change the configuration meanwhile
}

Result<int> run_apply(Invocation& call) {
    auto wanted = read_configuration(call.words[0]);
    if (!wanted) return std::unexpected(std::move(wanted.error()));
    BringAbout work(call);
    if (auto ready = work.prepare(); !ready) return std::unexpected(std::move(ready.error()));
    for (int attempt = 0; attempt < plans_max; ++attempt) {
        const auto present = load_configuration(work.store());
        if (!present) return std::unexpected(present.error());
        // A zone whose text changed never keeps its serial, though two hashes may agree.
        for (auto& [name, zone] : wanted->zones) {
            const auto old = present->zones.find(name);
            if (old != present->zones.end() && old->second.serial == zone.serial &&
                old->second.chunks != zone.chunks) {
                ++zone.serial;
            }
        }
        const auto needed = work.plan(*wanted, changes(*present, *wanted));
        if (!needed) return std::unexpected(needed.error());
        if (!*needed || call.has("dry-run")) return work.show_only(call.has("dry-run"));
        const auto replaced = replace_configuration(work.store(), *present, *wanted);
        if (!replaced) return std::unexpected(replaced.error());
        if (*replaced) return work.execute(*wanted);
        call.printer.line("the configuration was changed meanwhile: planning again");
    }
    return failure(ErrorKind::refused, "apply", call.words[0],
                   "the configuration in /stemma was changed by somebody else at each of " +
                       std::to_string(plans_max) + " attempts; nothing was changed",
                   "see who does: stemma log");
}

}  // namespace stemma::toolstack
