#include "bring_about.hpp"
#include "commands.hpp"
#include "toolstack/configuration_store.hpp"
#include "what_if_branch.hpp"

namespace stemma::toolstack {

// The daemon merges, and what runs is made as /stemma then is.
Result<int> run_merge(Invocation& call) {
    const std::string& name = call.words[0];
    BringAbout work(call);
    if (auto ready = work.prepare(); !ready) return std::unexpected(std::move(ready.error()));
    const auto present = load_configuration(work.store());
    if (!present) return std::unexpected(present.error());
    const auto merged = merge_branch(work.store(), name);
    if (!merged) return std::unexpected(merged.error());
    call.printer.line("merged " + name + ": " + *merged +
                      (*merged == "1" ? " path changed" : " paths changed"));
    const auto now = load_configuration(work.store());
    if (!now) return std::unexpected(now.error());
    const auto needed = work.plan(*now, changes(*present, *now));
    if (!needed) return std::unexpected(needed.error());
    if (!*needed) return work.show_only(false);
    return work.execute(*now);
}

}  // namespace stemma::toolstack
