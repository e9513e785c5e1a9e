#include "commands.hpp"
#include "number_option.hpp"
#include "toolstack/configuration_store.hpp"
#include "toolstack/create_guest.hpp"
#include "toolstack/file_guests.hpp"
#include "toolstack/spelling.hpp"
#include "xl_file_guest.hpp"

namespace stemma::toolstack {

namespace {

std::unexpected<Error> no_such_guest(const Configuration& configuration, const std::string& name) {
    std::vector<std::string_view> names;
    std::string same_image;
    for (const auto& [guest_name, guest] : configuration.guests) {
        names.push_back(guest_name);
        if (guest.image == name) same_image += (same_image.empty() ? "" : ", ") + guest_name;
    }
    const auto near = closest(name, names);
    return failure(
        ErrorKind::not_found, "create", "the guest " + name,
        same_image.empty() ? "none is configured by that name or with that image"
                           : "several guests have that image: " + same_image,
        near.empty()
            ? "name one of /stemma/guests, or its xl.cfg file, or configure it: stemma apply FILE"
            : "did you mean " + std::string(near) + '?');
}

Result<NamedGuest> configured_guest(Invocation& call) {
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    const auto configuration = load_configuration(**store);
    if (!configuration) return std::unexpected(configuration.error());
    std::string name;
    const Guest* guest = find_guest(*configuration, call.words[0], name);
    if (guest == nullptr) return no_such_guest(*configuration, call.words[0]);
    return NamedGuest{std::move(name), *guest};
}

std::string milliseconds(std::chrono::microseconds time) {
    const auto tenths = (time.count() + 50) / 100;
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " ms";
}

}  // namespace

Result<int> run_create(Invocation& call) {
    auto options = create_options(call);
    if (!options) return std::unexpected(options.error());
    const bool by_file = is_file_word(call.words[0]);
    const auto found = by_file ? xl_file_guest(call, call.words[0]) : configured_guest(call);
    if (!found) return std::unexpected(found.error());
    const auto store = call.surroundings.store();
    if (!store) return std::unexpected(store.error());
    const auto platform = call.surroundings.platform();
    if (!platform) return std::unexpected(platform.error());
    const auto& [name, guest] = *found;
    bool configured = false;
    if (by_file) {
        options->before_keep = [&] {
            auto done = configure_file_guest(**store, found->name, found->guest);
            configured = done.has_value();
            return done;
        };
    }

    const auto created = create_guest(**store, **platform, name, guest, *options);
    if (!created) {
        // The first error is the one to tell.
        if (configured) (void)forget_file_guest(**store, name);
        return std::unexpected(created.error());
    }
    std::chrono::microseconds total{};
    Json steps = Json::array();
    for (const auto& step : created->steps) {
        total += step.time;
        steps.push(Json::object()
                       .set("step", step.name)
                       .set("microseconds", std::int64_t{step.time.count()}));
    }
    call.printer.line(name + " is domain " + std::to_string(created->domain) +
                      (options->wait ? ", serving" : ", started") + " after " +
                      milliseconds(total));
    for (const auto& step : created->steps)
        call.printer.line("  " + step.name + ": " + milliseconds(step.time));
    if (created->restored_bytes > 0) {
        call.printer.line("  with " + std::to_string(created->restored_bytes) +
                          " bytes of its last network state");
    }
    call.printer.document(
        Json::object()
            .set("name", name)
            .set("domain", created->domain)
            .set("serving", options->wait)
            .set("microseconds", std::int64_t{total.count()})
            .set("restored-bytes", static_cast<std::int64_t>(created->restored_bytes))
            .set("steps", std::move(steps)));
    return 0;
}

}  // namespace stemma::toolstack
