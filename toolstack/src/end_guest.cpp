#include "toolstack/end_guest.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace stemma::toolstack {

namespace {

std::string control_path(DomainId domain, std::string_view key) {
    return xs::domain_path(domain) + "/control/" + std::string(key);
}

std::string words(EndRequest request) {
    return request == EndRequest::reboot ? "reboot" : "shut down";
}

}  // namespace

std::string_view name(EndRequest request) {
    return request == EndRequest::reboot ? "reboot" : "poweroff";
}

GuestEnd::~GuestEnd() {
    if (!watching_) return;
    store_.unwatch(control_path(domain_.id, "shutdown"), "request");
    store_.unwatch("@releaseDomain", "release");
}

Result<void> GuestEnd::watch() {
    if (std::exchange(watching_, true)) return {};
    for (const auto& [path, token] : {std::pair{control_path(domain_.id, "shutdown"), "request"},
                                      std::pair{std::string("@releaseDomain"), "release"}}) {
        if (auto watched = store_.watch(path, token); !watched) {
            return std::unexpected(watched.error().error());
        }
    }
    return {};
}

// Its name is the last that a toolstack takes away; the hypervisor may hold pages of it for longer.
Result<std::optional<DomainInfo>> GuestEnd::look() {
    auto domains = platform_.domains();
    if (!domains) return std::unexpected(std::move(domains.error()));
    const auto own = std::ranges::find(*domains, domain_.id, &DomainInfo::id);
    if (own == domains->end()) return std::nullopt;
    const auto name = store_.find(xs::domain_path(domain_.id) + "/name");
    if (!name) return std::unexpected(name.error().error());
    if (!*name) return std::nullopt;
    return std::move(*own);
}

Result<void> GuestEnd::ask(EndRequest request, Deadline deadline) {
    const std::string on = "the guest " + domain_.name;
    const auto refused = [&](std::string cause, std::string next) {
        return failure(ErrorKind::refused, words(request), on, std::move(cause), std::move(next));
    };
    if (domain_.state == DomainState::paused) {
        return refused("it is paused, and would not hear of it", "stemma unpause " + domain_.name);
    }
    if (domain_.state != DomainState::running) {
        return refused("it is " + std::string(toolstack::name(domain_.state)), "stemma list");
    }
    const auto feature_path = control_path(domain_.id, "feature-" + std::string(name(request)));
    const auto feature = store_.find(feature_path);
    if (!feature) return std::unexpected(feature.error().error());
    if (*feature != "1") {
        return refused("it has not said that it can: " + feature_path + " is " +
                           (feature->value_or("").empty() ? "empty" : **feature),
                       "wait until it has started, or end it: stemma destroy " + domain_.name);
    }
    if (request == EndRequest::reboot) {
        const auto keeper = platform_.keeper(domain_);
        if (!keeper) return std::unexpected(keeper.error());
        if (*keeper == Keeper::nobody) {
            return failure(ErrorKind::unavailable, words(request), on,
                           "no agent runs that would make it anew",
                           "start it: stemma agent; or stemma shutdown --wait " + domain_.name +
                               " and stemma create " + domain_.name);
        }
    }
    if (auto watched = watch(); !watched) return watched;
    const std::string path = control_path(domain_.id, "shutdown");
    if (auto asked = store_.write(path, name(request)); !asked) {
        return std::unexpected(asked.error().error());
    }
    const auto taken = wait_until(store_, deadline, [&]() -> Result<bool> {
        const auto word = store_.find(path);
        if (!word) return std::unexpected(word.error().error());
        if (word->value_or("").empty()) return true;
        const auto now = look();
        if (!now) return std::unexpected(now.error());
        return !*now || (*now)->state == DomainState::shut_down;
    });
    if (!taken) return std::unexpected(taken.error());
    if (*taken) return {};
    return failure(ErrorKind::failed, words(request), on,
                   "it has not taken the request in time; the request stays at " + path,
                   "stemma console " + domain_.name + " may say why; or end it: stemma " +
                       "destroy " + domain_.name);
}

Result<GuestEnd::Outcome> GuestEnd::wait(Deadline deadline) {
    if (auto watched = watch(); !watched) return std::unexpected(std::move(watched.error()));
    for (;;) {
        const auto now = look();
        if (!now) return std::unexpected(now.error());
        if (!*now) return Outcome::gone;
        // One without a reason was ended by somebody, who is still at it.
        if ((*now)->ended_by != Ending::none) {
            const auto keeper = platform_.keeper(**now);
            if (!keeper) return std::unexpected(keeper.error());
            if (*keeper == Keeper::other_toolstack) return Outcome::ended;
            if (*keeper == Keeper::nobody) {
                if (auto removed = platform_.destroy(domain_.id); !removed) {
                    return std::unexpected(std::move(removed.error()));
                }
                return Outcome::gone;
            }
        }
        const auto event = store_.next_event(deadline);
        if (!event) return std::unexpected(event.error().error());
        if (!*event) {
            return failure(
                ErrorKind::failed, "see the end of", "the guest " + domain_.name,
                "it took the request, and is still " + std::string(toolstack::name((*now)->state)),
                "wait longer: --wait=SECONDS; or end it: stemma destroy " + domain_.name);
        }
    }
}

}  // namespace stemma::toolstack
