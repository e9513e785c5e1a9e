#include "bring_about.hpp"

#include "number_option.hpp"

namespace stemma::toolstack {

Result<void> BringAbout::prepare() {
    const auto store = call_.surroundings.store();
    if (!store) return std::unexpected(store.error());
    const auto platform = call_.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    const auto links = call_.surroundings.links();
    if (!links) return std::unexpected(links.error());
    store_ = *store;
    platform_ = *platform;
    links_ = *links;
    return {};
}

Result<bool> BringAbout::plan(const Configuration& wanted, const std::vector<Change>& changes) {
    auto observed = observe(*store_, *platform_, *links_);
    if (!observed) return std::unexpected(std::move(observed.error()));
    observed_ = std::move(*observed);
    auto actions = plan_actions(wanted, observed_);
    if (!actions) return std::unexpected(std::move(actions.error()));
    actions_ = std::move(*actions);
    changes_ = changes;
    if (!changes_.empty()) call_.printer.line("configuration:");
    for (const auto& change : changes_)
        call_.printer.line(std::string("  ") + change.sign + ' ' + change.text);
    if (!actions_.empty()) call_.printer.line("steps:");
    for (const auto& action : actions_)
        call_.printer.line(std::string("  ") + sign(action) + ' ' + to_string(action));
    return !changes_.empty() || !actions_.empty();
}

Json BringAbout::document() const {
    Json changes = Json::array();
    for (const auto& change : changes_) {
        changes.push(
            Json::object().set("sign", std::string(1, change.sign)).set("text", change.text));
    }
    Json steps = Json::array();
    for (const auto& action : actions_) {
        steps.push(Json::object()
                       .set("sign", std::string(1, sign(action)))
                       .set("text", to_string(action)));
    }
    return Json::object().set("changes", std::move(changes)).set("steps", std::move(steps));
}

Result<int> BringAbout::show_only(bool dry_run) {
    const bool nothing = changes_.empty() && actions_.empty();
    call_.printer.line(nothing ? "nothing to do" : "nothing was changed (--dry-run)");
    call_.printer.document(document().set("dry-run", dry_run).set("verified", Json::array()));
    return 0;
}

Result<int> BringAbout::execute(const Configuration& wanted) {
    const auto options = create_options(call_);
    if (!options) return std::unexpected(options.error());
    const auto result =
        reconcile(*store_, *platform_, *links_, wanted, actions_, *options,
                  [&](const Action& action) { call_.printer.line("... " + to_string(action)); });
    Json verified = Json::array();
    for (const auto& fact : result.verified) {
        call_.printer.line("verified: " + fact);
        verified.push(fact);
    }
    Json failures = Json::array();
    for (const auto& error : result.failures) {
        if (!call_.printer.is_json()) call_.printer.error(error);
        failures.push(to_json(error));
    }
    Json json = document();
    json.set("dry-run", false).set("verified", std::move(verified));
    if (result.failures.empty()) {
        call_.printer.document(json);
        return 0;
    }
    const Error partial{
        .kind = ErrorKind::partial,
        .tried = "do all steps",
        .on = "",
        .cause = std::to_string(result.failures.size()) + " failed; /stemma holds the wanted state",
        .next =
            "remove the cause and apply again, or go back: stemma revert "
            "SNAPSHOT"};
    if (call_.printer.is_json()) {
        json.set("failures", std::move(failures)).set("error", to_json(partial));
        call_.printer.document(json);
    } else {
        call_.printer.error(partial);
    }
    return static_cast<int>(ErrorKind::partial);
}

}  // namespace stemma::toolstack
