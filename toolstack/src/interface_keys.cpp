#include "toolstack/interface_keys.hpp"

#include <algorithm>
#include <array>

namespace stemma::toolstack {

namespace {

constexpr std::array<InterfaceKey, 5> keys{
    {{"bridge", "the name of a bridge"},
     {"mac", "an address, as \"00:16:3e:00:00:01\","},
     {"address", "an address with its prefix, as \"10.0.0.1/24\","},
     {"gateway", "an address, as \"10.0.0.254\","},
     {"role", "\"outside\" or \"inside\""}}};

using Cause = std::optional<std::string>;

Cause take_bridge(Interface& interface, const std::string& value,
                  const Configuration& configuration) {
    interface.bridge = value;
    if (configuration.bridges.contains(value)) return std::nullopt;
    return "the name of a bridge that is configured is expected; \"" + value +
           "\" is not: add [bridges." + value + ']';
}

Cause take_mac(Interface& interface, const std::string& value) {
    const auto mac = parse_mac(value);
    if (!mac || mac->is_multicast() || mac->is_zero()) {
        return "an address of one station, as \"00:16:3e:00:00:01\", is expected, not \"" + value +
               '"';
    }
    interface.mac = *mac;
    return std::nullopt;
}

Cause take_address(Interface& interface, const std::string& value,
                   const Configuration& configuration) {
    interface.address = parse_ipv4_interface(value);
    if (!interface.address || !interface.address->is_host()) {
        interface.address.reset();
        return std::string(keys[2].expected) + " is expected, not \"" + value + '"';
    }
    const auto bridge = configuration.bridges.find(interface.bridge);
    if (bridge == configuration.bridges.end() || !bridge->second.address) return std::nullopt;
    const Ipv4Interface& there = *bridge->second.address;
    if (there.network() == interface.address->network() &&
        there.prefix == interface.address->prefix) {
        return std::nullopt;
    }
    return "an address in the network of its bridge, " +
           to_string(Ipv4Interface{there.network(), there.prefix}) + ", is expected, not \"" +
           value + '"';
}

Cause take_gateway(Interface& interface, const std::string& value) {
    interface.gateway = parse_ipv4(value);
    const bool inside = interface.gateway && interface.address &&
                        interface.address->contains(*interface.gateway) &&
                        *interface.gateway != interface.address->address;
    if (inside) return std::nullopt;
    return "the address of another host in the interface's network is expected, not \"" + value +
           '"';
}

Cause take_role(Interface& interface, const std::string& value) {
    for (const auto role : {Role::outside, Role::inside}) {
        if (value != name(role)) continue;
        interface.role = role;
        return std::nullopt;
    }
    return std::string(keys[4].expected) + " is expected, not \"" + value + '"';
}

}  // namespace

std::span<const InterfaceKey> interface_keys() {
    return keys;
}

std::optional<std::string> take_interface_key(Interface& interface, std::string_view key,
                                              const std::string& value,
                                              const Configuration& configuration) {
    if (key == "bridge") return take_bridge(interface, value, configuration);
    if (key == "mac") return take_mac(interface, value);
    if (key == "address") return take_address(interface, value, configuration);
    if (key == "gateway") return take_gateway(interface, value);
    return take_role(interface, value);
}

std::vector<InterfaceFault> interface_faults(const Guest& guest) {
    std::vector<InterfaceFault> faults;
    const auto& interfaces = guest.interfaces;
    if (guest.image == "nat") {
        for (const auto role : {Role::outside, Role::inside}) {
            if (std::ranges::count(interfaces, role, &Interface::role) == 1) continue;
            faults.push_back({std::nullopt, "",
                              "one interface with role = \"" + std::string(name(role)) +
                                  "\" is expected of a nat guest"});
        }
    }
    if (!is_own_image(guest.image)) return faults;
    for (std::size_t i = 0; i < interfaces.size(); ++i) {
        if (!interfaces[i].address) {
            faults.push_back({i, "address", "an address is expected: the key is missing"});
        }
        if (guest.image != "nat" && interfaces[i].role != Role::none) {
            faults.push_back({i, "role", "a role is expected of a nat guest's interfaces only"});
        }
    }
    if (guest.image != "nat" && interfaces.size() != 1) {
        faults.push_back({std::nullopt, "",
                          "one interface is expected of a " + guest.image + " guest, not " +
                              std::to_string(interfaces.size())});
    }
    return faults;
}

}  // namespace stemma::toolstack
