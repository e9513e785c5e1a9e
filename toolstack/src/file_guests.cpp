#include "toolstack/file_guests.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "toolstack/configuration_store.hpp"
#include "xs_wire/name_codec.hpp"

namespace stemma::toolstack {

namespace {

constexpr int attempts_max = 5;  // when others change the configuration meanwhile

// `edit` says whether there is something to change.
Result<bool> edit_configuration(Store& store, const std::string& name,
                                const std::function<Result<bool>(Configuration&)>& edit) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        const auto present = load_configuration(store);
        if (!present) return std::unexpected(present.error());
        Configuration wanted = *present;
        const auto needed = edit(wanted);
        if (!needed || !*needed) return needed;
        const auto replaced = replace_configuration(store, *present, wanted);
        if (!replaced || *replaced) return replaced;
    }
    return failure(ErrorKind::refused, "configure", "the guest " + name,
                   "the configuration in /stemma was changed by somebody else at each of " +
                       std::to_string(attempts_max) + " attempts",
                   "see who does: stemma log");
}

// Who has the address, but for `name`; empty for nobody.
std::string owner_of(const Configuration& configuration, const MacAddress& mac,
                     const std::string& name) {
    for (const auto& [other, guest] : configuration.guests) {
        if (other != name &&
            std::ranges::find(guest.interfaces, mac, &Interface::mac) != guest.interfaces.end()) {
            return other;
        }
    }
    return "";
}

}  // namespace

Result<Guest> fitted(const Configuration& configuration, const std::string& name, Guest guest) {
    const auto refused = [&](std::string cause, std::string next) {
        return failure(ErrorKind::refused, "create", "the guest " + name, std::move(cause),
                       std::move(next));
    };
    const auto same = configuration.guests.find(name);
    if (same != configuration.guests.end() && same->second.file.empty()) {
        return refused("a guest of that name is configured in /stemma, not by " + guest.file,
                       "start that one: stemma create " + name + "; or give this one another name");
    }
    if (same == configuration.guests.end() && configuration.guests.size() >= guests_max) {
        return refused("there are " + std::to_string(guests_max) +
                           " guests, which is all there "
                           "can be",
                       "stemma list");
    }
    for (unsigned i = 0; i < guest.interfaces.size(); ++i) {
        auto& interface = guest.interfaces[i];
        if (!interface.mac.is_zero()) {
            const auto owner = owner_of(configuration, interface.mac, name);
            if (owner.empty()) continue;
            return refused("guest " + owner + " has the address " + to_string(interface.mac), "");
        }
        interface.mac = free_mac(name, i, [&](const MacAddress& mac) {
            return !owner_of(configuration, mac, name).empty() ||
                   std::ranges::count(guest.interfaces, mac, &Interface::mac) > 0;
        });
    }
    return guest;
}

Result<void> configure_file_guest(Store& store, const std::string& name, const Guest& guest) {
    const auto done = edit_configuration(store, name, [&](Configuration& wanted) -> Result<bool> {
        auto fits = fitted(wanted, name, guest);
        if (!fits) return std::unexpected(std::move(fits.error()));
        if (const auto there = wanted.guests.find(name);
            there != wanted.guests.end() && there->second == *fits) {
            return false;
        }
        wanted.guests[name] = std::move(*fits);
        return true;
    });
    if (!done) return std::unexpected(done.error());
    return {};
}

Result<bool> forget_file_guest(Store& store, const std::string& name) {
    // Every destroy asks, and most guests came from no file: not all of /stemma is read for that.
    if (!is_guest_name(name)) return false;
    const auto file = store.find("/stemma/guests/" + xs::encode_element(name) + "/file");
    if (!file) return std::unexpected(file.error().error());
    if (!*file) return false;
    return edit_configuration(store, name, [&](Configuration& wanted) -> Result<bool> {
        const auto there = wanted.guests.find(name);
        if (there == wanted.guests.end() || there->second.file.empty()) return false;
        wanted.guests.erase(there);
        return true;
    });
}

Configuration with_file_guests(Configuration wanted, const Configuration& present) {
    for (const auto& [name, guest] : present.guests) {
        if (!guest.file.empty()) wanted.guests.emplace(name, guest);
    }
    return wanted;
}

}  // namespace stemma::toolstack
