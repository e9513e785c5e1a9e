#include "commands.hpp"
#include "number_option.hpp"
#include "running_domain.hpp"
#include "toolstack/end_guest.hpp"

namespace stemma::toolstack {

namespace {

constexpr std::chrono::seconds answer_limit{60};  // libxl's

Deadline within(std::chrono::seconds limit) {
    return std::chrono::steady_clock::now() + limit;
}

Result<int> run(Invocation& call, EndRequest request, std::chrono::seconds wait) {
    const bool reboot = request == EndRequest::reboot;
    const auto domain = running_domain(call, reboot ? "reboot" : "shut down", call.words[0]);
    if (!domain) return std::unexpected(domain.error());
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());

    GuestEnd end(**store, **platform, *domain);
    if (auto asked = end.ask(request, within(answer_limit)); !asked) {
        return std::unexpected(std::move(asked.error()));
    }
    const std::string who = domain->name + ", domain " + std::to_string(domain->id) + ", ";
    Json document = Json::object();
    document.set("name", domain->name).set("domain", domain->id).set("asked", name(request));
    if (!call.has("wait")) {
        call.printer.line(who + (reboot ? "reboots" : "shuts down"));
        const auto keeper = (*platform)->keeper(*domain);
        if (keeper && *keeper == Keeper::nobody) {
            call.printer.line("no agent runs: what it leaves is removed by `stemma destroy " +
                              domain->name + '`');
        }
        call.printer.document(document);
        return 0;
    }
    const auto outcome = end.wait(within(wait));
    if (!outcome) return std::unexpected(outcome.error());
    const bool gone = *outcome == GuestEnd::Outcome::gone;
    call.printer.line(who + (gone ? "is gone" : "has ended"));
    call.printer.document(document.set("ended", true).set("gone", gone));
    return 0;
}

}  // namespace

Result<int> run_shutdown(Invocation& call) {
    const auto seconds = number_option(call, "wait", 0, 1, 86'400);
    if (!seconds) return std::unexpected(seconds.error());
    return run(call, EndRequest::poweroff, std::chrono::seconds(*seconds));
}

Result<int> run_reboot(Invocation& call) {
    return run(call, EndRequest::reboot, {});
}

}  // namespace stemma::toolstack
