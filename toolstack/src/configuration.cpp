#include "toolstack/configuration.hpp"

#include <algorithm>

#include "xs_wire/name_codec.hpp"

namespace stemma::toolstack {

namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view name, std::size_t longest, std::string_view others) {
    if (name.empty() || name.size() > longest || !is_letter_or_digit(name.front())) return false;
    return std::ranges::all_of(name, [&](char c) {
        return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
    });
}

}  // namespace

std::string_view name(Role role) {
    switch (role) {
        case Role::outside:
            return "outside";
        case Role::inside:
            return "inside";
        case Role::none:
            break;
    }
    return "";
}

std::string_view name(GuestType type) {
    return type == GuestType::pv ? "pv" : "pvh";
}

bool is_own_image(std::string_view image) {
    return std::ranges::find(own_images, image) != own_images.end();
}

bool is_guest_name(std::string_view name) {
    return is_name(name, 32, "-");
}

bool is_bridge_name(std::string_view name) {
    return is_name(name, 15, "-_.");
}

const Guest* find_guest(const Configuration& configuration, std::string_view name,
                        std::string& found_name) {
    const auto named = configuration.guests.find(std::string(name));
    if (named != configuration.guests.end()) {
        found_name = named->first;
        return &named->second;
    }
    const Guest* found = nullptr;
    for (const auto& [guest_name, guest] : configuration.guests) {
        if (guest.image != name) continue;
        if (found != nullptr) return nullptr;
        found = &guest;
        found_name = guest_name;
    }
    return found;
}

std::string command_line(const Guest& guest, std::span<const unsigned> numbers) {
    std::string words;
    const auto add = [&](const std::string& word) {
        if (!words.empty()) words += ' ';
        words += word;
    };
    for (std::size_t i = 0; i < guest.interfaces.size(); ++i) {
        const auto& interface = guest.interfaces[i];
        if (!interface.address) continue;
        const std::string key(interface.role == Role::none ? "address" : name(interface.role));
        const std::size_t number = i < numbers.size() ? numbers[i] : i;
        add(key + "=vif" + std::to_string(number) + ',' + to_string(*interface.address));
    }
    for (const auto& interface : guest.interfaces) {
        if (interface.gateway) add("gateway=" + format_ipv4(*interface.gateway));
    }
    if (!guest.zone.empty()) add("zone=/stemma/zones/" + xs::encode_element(guest.zone));
    if (!guest.arguments.empty()) add(guest.arguments);
    return words;
}

}  // namespace stemma::toolstack
