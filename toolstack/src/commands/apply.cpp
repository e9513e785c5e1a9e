#include "bring_about.hpp"
#include "commands.hpp"
#include "toolstack/configuration_file.hpp"
#include "toolstack/configuration_store.hpp"
#include "toolstack/file_guests.hpp"
#include "what_if_branch.hpp"

namespace stemma::toolstack {

namespace {

constexpr int plans_max = 5;  // when others change the configuration meanwhile

// A zone whose text changed never keeps its serial, though two hashes may agree.
void raise_serials(const Configuration& present, Configuration& wanted) {
    for (auto& [name, zone] : wanted.zones) {
        const auto old = present.zones.find(name);
        if (old != present.zones.end() && old->second.serial == zone.serial &&
            old->second.chunks != zone.chunks) {
            ++zone.serial;
        }
    }
}

// The wanted configuration goes to the branch, and that is all.
Result<int> apply_to_branch(Invocation& call, Configuration wanted) {
    const std::string& name = call.options.at("branch");
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    if (auto done = check_out(**store, name); !done) {
        return std::unexpected(std::move(done.error()));
    }
    const auto present = load_configuration(**store);
    if (!present) return std::unexpected(present.error());
    wanted = with_file_guests(std::move(wanted), *present);
    raise_serials(*present, wanted);
    Json list = Json::array();
    for (const auto& change : changes(*present, wanted)) {
        call.printer.line(std::string(1, change.sign) + ' ' + change.text);
        list.push(Json::object().set("sign", std::string(1, change.sign)).set("text", change.text));
    }
    if (!call.has("dry-run")) {
        const auto replaced = replace_configuration(**store, *present, wanted);
        if (!replaced) return std::unexpected(replaced.error());
        if (!*replaced) {
            return failure(ErrorKind::refused, "apply", call.words[0],
                           "somebody else changed the branch " + name + " at the same time");
        }
    }
    call.printer.document(Json::object().set("branch", name).set("changes", std::move(list)));
    return 0;
}

}  // namespace

Result<int> run_apply(Invocation& call) {
    auto read = read_configuration(call.words[0]);
    if (!read) return std::unexpected(std::move(read.error()));
    if (call.has("branch")) return apply_to_branch(call, std::move(*read));
    BringAbout work(call);
    if (auto ready = work.prepare(); !ready) return std::unexpected(std::move(ready.error()));
    for (int attempt = 0; attempt < plans_max; ++attempt) {
        const auto present = load_configuration(work.store());
        if (!present) return std::unexpected(present.error());
        Configuration wanted = with_file_guests(*read, *present);
        raise_serials(*present, wanted);
        const auto needed = work.plan(wanted, changes(*present, wanted));
        if (!needed) return std::unexpected(needed.error());
        if (!*needed || call.has("dry-run")) return work.show_only(call.has("dry-run"));
        const auto replaced = replace_configuration(work.store(), *present, wanted);
        if (!replaced) return std::unexpected(replaced.error());
        if (*replaced) return work.execute(wanted);
        call.printer.line("the configuration was changed meanwhile: planning again");
    }
    return failure(ErrorKind::refused, "apply", call.words[0],
                   "the configuration in /stemma was changed by somebody else at each of " +
                       std::to_string(plans_max) + " attempts; nothing was changed",
                   "see who does: stemma log");
}

}  // namespace stemma::toolstack
