#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/end_policy.hpp"
#include "toolstack/ipv4_interface.hpp"
#include "toolstack/mac_address.hpp"

namespace stemma::toolstack {

// The wanted state of one host's network and guests: what a configuration file says and /stemma
// holds. Plain values; configuration_file.hpp and configuration_store.hpp read and write them.

struct Bridge {
    std::optional<Ipv4Interface> address;  // dom0's own on it

    bool operator==(const Bridge&) const = default;
};

enum class Role { none, outside, inside };
std::string_view name(Role role);  // "" for none

struct Interface {
    std::string bridge = {};
    MacAddress mac = {};
    std::optional<Ipv4Interface> address = {};
    std::optional<std::uint32_t> gateway = {};  // host byte order
    Role role = Role::none;

    bool operator==(const Interface&) const = default;
};

// How Xen runs a guest; the hosted platform knows one way.
enum class GuestType { pvh, pv };
std::string_view name(GuestType type);

struct Guest {
    std::string image = {};    // "nat", "dns", "probe", or an absolute path
    std::string ramdisk = {};  // of a Linux kernel: an absolute path, or empty
    GuestType type = GuestType::pvh;
    std::uint32_t memory = 32;   // MB
    std::uint32_t vcpus = 1;     // of our own images always
    std::string arguments = {};  // words appended to the generated ones
    std::string zone = {};       // key of Configuration::zones, or empty
    EndPolicy ends = {};
    bool autostart = true;  // started by apply when it does not run
    std::string uuid = {};  // of its domain; empty: another for each
    // The xl.cfg file that `stemma create` took it from: apply leaves it alone and destroy takes
    // it out of the configuration. Empty: a configuration file has it.
    std::string file = {};
    std::vector<Interface> interfaces = {};

    bool operator==(const Guest&) const = default;
};

struct Zone {
    std::string origin;        // absolute: "example.org."
    std::uint32_t serial = 0;  // changes with every change of the text
    // Master-file text (RFC 1035, section 5) cut at line ends, each piece below 2,000 bytes.
    std::vector<std::string> chunks;

    bool operator==(const Zone&) const = default;
};

struct Configuration {
    std::map<std::string, Bridge> bridges;
    std::map<std::string, Guest> guests;
    std::map<std::string, Zone> zones;  // by origin without its last dot, lower case

    bool operator==(const Configuration&) const = default;
};

inline constexpr std::size_t guests_max = 1000;
inline constexpr std::size_t bridges_max = 256;
inline constexpr std::size_t interfaces_max = 8;  // of one guest
inline constexpr std::uint32_t memory_min = 4;    // MB
inline constexpr std::uint32_t memory_max = 1 << 20;
inline constexpr std::uint32_t vcpus_max = 128;  // Xen's for PVH (HVM_MAX_VCPUS)

// A guest's name: letters, digits and '-', from a letter or digit, at most 32; it appears as it is
// in XenStore, in refs and on the command line.
bool is_guest_name(std::string_view name);
// What Linux takes as an interface's name and XenStore as a value without escapes: at most 15 of
// letters, digits, '-', '_' and '.', from a letter or digit.
bool is_bridge_name(std::string_view name);

// Our own images; any other is a path.
inline constexpr std::array<std::string_view, 3> own_images{"nat", "dns", "probe"};
bool is_own_image(std::string_view image);

// The guest that the command line means by `name`: the one so called, else the only one whose image
// it is; null when there is none or several.
const Guest* find_guest(const Configuration& configuration, std::string_view name,
                        std::string& found_name);

// The words that tell the guest its place: "outside=vif0,10.0.0.1/24 inside=vif1,...". An interface
// is named by its role, or "address"; then gateway=, zone= and the configured arguments. The vif of
// interface i has number `numbers[i]`; its place where none are given.
std::string command_line(const Guest& guest, std::span<const unsigned> numbers = {});

}  // namespace stemma::toolstack
