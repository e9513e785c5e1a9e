#include <algorithm>
#include <charconv>

#include "commands.hpp"
#include "net_target.hpp"
#include "toolstack/attach_interface.hpp"

namespace stemma::toolstack {

namespace {

// One interface by what the command line says of it, in the running domain and in /stemma.
struct Found {
    const RunningVif* vif = nullptr;
    std::optional<std::size_t> place;
};

Result<Found> find(const NetTarget& target, const std::string& word) {
    Found found;
    auto mac = parse_mac(word);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (!mac && (error != std::errc() || end != word.data() + word.size())) {
        return failure(ErrorKind::usage, "understand", word,
                       "the number or the MAC of an interface is expected");
    }
    for (const auto& vif : target.vifs) {
        if (mac ? vif.mac != to_string(*mac) : vif.index != number) continue;
        found.vif = &vif;
        mac = parse_mac(vif.mac);
    }
    if (target.configured) {
        const auto& interfaces = target.guest().interfaces;
        for (std::size_t i = 0; i < interfaces.size(); ++i) {
            // A number is that of the vif where there are vifs, else the place.
            if (mac ? interfaces[i].mac == *mac : !target.domain && i == number) found.place = i;
        }
    }
    if (found.vif != nullptr || found.place) return found;
    return failure(ErrorKind::not_found, "detach", "interface " + word + " of " + target.name,
                   "it has no such interface", "stemma net list");
}

}  // namespace

Result<int> run_net_detach(Invocation& call) {
    const auto target = net_target(call, "detach from");
    if (!target) return std::unexpected(target.error());
    const auto found = find(*target, call.words[1]);
    if (!found) return std::unexpected(found.error());

    Configuration wanted = target->configuration;
    if (found->place) {
        auto& interfaces = wanted.guests.at(target->name).interfaces;
        interfaces.erase(interfaces.begin() + static_cast<std::ptrdiff_t>(*found->place));
        if (auto changed = change_configuration(*target, "detach from", wanted); !changed) {
            return std::unexpected(std::move(changed.error()));
        }
    }
    bool released = true;
    if (found->vif != nullptr) {
        const auto detached =
            detach_interface(*target->store, *target->platform, target->domain->id,
                             found->vif->index, target->configured_guest(wanted));
        if (!detached) {
            Error error = detached.error();
            if (found->place) error.kind = ErrorKind::partial;
            return std::unexpected(std::move(error));
        }
        released = *detached;
    }
    call.printer.line(target->name + " interface " + call.words[1] + " is gone" +
                      (released ? "" : ", by force: the guest did not let go of it"));
    call.printer.document(Json::object()
                              .set("guest", target->name)
                              .set("domain", target->domain ? Json(target->domain->id) : Json())
                              .set("index", found->vif != nullptr
                                                ? found->vif->index
                                                : static_cast<unsigned>(*found->place))
                              .set("released", released)
                              .set("configured", found->place.has_value()));
    return 0;
}

}  // namespace stemma::toolstack
