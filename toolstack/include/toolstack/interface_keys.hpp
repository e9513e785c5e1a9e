#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/configuration.hpp"

namespace stemma::toolstack {

// What a person writes of an interface, in a configuration file (stemma.toml(5)) and after
// `stemma net attach`.
struct InterfaceKey {
    std::string_view name;
    std::string_view expected;  // "the name of a bridge"
};

// In the order in which they are to be taken: what one means depends on those before it.
std::span<const InterfaceKey> interface_keys();

// Takes the value of one of them; the cause in words when it is not valid. The configuration is the
// one of the bridges.
std::optional<std::string> take_interface_key(Interface& interface, std::string_view key,
                                              const std::string& value,
                                              const Configuration& configuration);

// What is wrong with the interfaces of a guest as a whole, of interface `index` or of all together.
struct InterfaceFault {
    std::optional<std::size_t> index;
    std::string_view key;  // of the interface; empty for all together
    std::string cause;
};
// A nat guest is between two networks; the others of our own have one address each and no role.
std::vector<InterfaceFault> interface_faults(const Guest& guest);

}  // namespace stemma::toolstack
