#include "toolstack/configuration_store.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "toolstack/uuid.hpp"
#include "xs_wire/name_codec.hpp"
#include "xs_wire/path.hpp"

namespace stemma::toolstack {

namespace {

constexpr std::string_view root = "/stemma";

std::string four_digits(std::size_t number) {
    std::string digits = std::to_string(number);
    return std::string(digits.size() < 4 ? 4 - digits.size() : 0, '0') + digits;
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
    std::uint32_t number = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || stopped != text.data() + text.size()) return std::nullopt;
    return number;
}

// Splits "guests/nat0/interfaces/0/mac" at slashes.
std::vector<std::string_view> elements(std::string_view path) {
    std::vector<std::string_view> parts;
    while (!path.empty()) {
        const auto slash = path.find('/');
        parts.push_back(path.substr(0, slash));
        path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return parts;
}

std::unexpected<Error> unreadable(const std::string& path, const std::string& value,
                                  const std::string& expected) {
    return failure(ErrorKind::failed, "read the configuration", "/stemma/" + path,
                   expected + " is expected, not \"" + value + '"',
                   "remove the node, or write a value that is valid: xenstore-rm /stemma/" + path);
}

// Takes one node of an interface; false when the value cannot be read.
bool take(Interface& interface, std::string_view key, const std::string& value) {
    if (key == "bridge") {
        interface.bridge = value;
        return is_bridge_name(value);
    }
    if (key == "mac") {
        const auto mac = parse_mac(value);
        interface.mac = mac.value_or(MacAddress());
        return mac.has_value();
    }
    if (key == "address") {
        interface.address = parse_ipv4_interface(value);
        return interface.address.has_value();
    }
    if (key == "gateway") {
        interface.gateway = parse_ipv4(value);
        return interface.gateway.has_value();
    }
    if (key == "role") {
        interface.role = value == "outside"  ? Role::outside
                         : value == "inside" ? Role::inside
                                             : Role::none;
        return interface.role != Role::none;
    }
    return true;
}

bool take(Guest& guest, std::string_view key, const std::string& value) {
    if (key == "image") {
        guest.image = value;
        return is_own_image(value) || value.starts_with('/');
    }
    if (key == "ramdisk") {
        guest.ramdisk = value;
        return value.starts_with('/');
    }
    if (key == "type") {
        guest.type = value == "pv" ? GuestType::pv : GuestType::pvh;
        return value == "pv" || value == "pvh";
    }
    if (key == "memory") {
        const auto number = parse_number(value);
        guest.memory = number.value_or(0);
        return guest.memory >= memory_min && guest.memory <= memory_max;
    }
    if (key == "vcpus") {
        const auto number = parse_number(value);
        guest.vcpus = number.value_or(0);
        return guest.vcpus >= 1 && guest.vcpus <= vcpus_max;
    }
    if (key == "arguments") guest.arguments = value;
    if (key == "zone") {
        const auto zone = xs::decode_element(value);
        guest.zone = zone.value_or("");
        return zone && !zone->empty();
    }
    if (const auto* const end = std::ranges::find(end_keys, key, &EndKey::name);
        end != end_keys.end()) {
        const auto action = parse_end_action(value);
        guest.ends.*end->action = action.value_or(EndAction::destroy);
        return action.has_value();
    }
    if (key == "uuid") {
        guest.uuid = value;
        return parse_uuid(value).has_value();
    }
    if (key == "file") {
        guest.file = value;
        return value.starts_with('/');
    }
    if (key == "autostart") {
        guest.autostart = value == "1";
        return value == "1" || value == "0";
    }
    return true;
}

// Whether to_nodes() could have written something below; each node that has nothing costs a request
// otherwise, and most are leaves.
bool may_have_children(std::string_view relative) {
    const auto parts = elements(relative);
    switch (parts.size()) {
        case 1:
        case 2:
            return true;
        case 3:
            return parts[2] == "interfaces" || parts[2] == "chunks";
        case 4:
            return parts[2] == "interfaces";
        default:
            return false;
    }
}

StoreResult<void> read_below(Store& store, TransactionId transaction, const std::string& relative,
                             ConfigurationNodes& nodes) {
    const std::string path = std::string(root) + (relative.empty() ? "" : "/" + relative);
    const auto names = store.list(path, transaction);
    if (!names) return std::unexpected(names.error());
    std::vector<std::string> children, paths;
    for (const auto& name : *names) {
        children.push_back(relative.empty() ? name : relative + '/' + name);
        paths.push_back(std::string(root) + '/' + children.back());
    }
    auto values = store.find_all(paths, transaction);
    if (!values) return std::unexpected(std::move(values.error()));
    for (std::size_t i = 0; i < children.size(); ++i) {
        const std::string& child = children[i];
        nodes[child] = std::move((*values)[i]).value_or("");
        if (!may_have_children(child)) continue;
        if (auto below = read_below(store, transaction, child, nodes); !below) {
            return below;
        }
    }
    return {};
}

}  // namespace

ConfigurationNodes to_nodes(const Configuration& configuration) {
    ConfigurationNodes nodes;
    for (const auto& [name, bridge] : configuration.bridges) {
        const std::string at = "bridges/" + xs::encode_element(name);
        nodes[at] = "";
        if (bridge.address) nodes[at + "/address"] = to_string(*bridge.address);
    }
    for (const auto& [name, guest] : configuration.guests) {
        const std::string at = "guests/" + xs::encode_element(name);
        nodes[at] = "";
        nodes[at + "/image"] = guest.image;
        if (!guest.ramdisk.empty()) nodes[at + "/ramdisk"] = guest.ramdisk;
        if (guest.type != GuestType::pvh) nodes[at + "/type"] = toolstack::name(guest.type);
        nodes[at + "/memory"] = std::to_string(guest.memory);
        if (guest.vcpus != 1) nodes[at + "/vcpus"] = std::to_string(guest.vcpus);
        for (const auto& [key, action] : end_keys)
            nodes[at + '/' + std::string(key)] = toolstack::name(guest.ends.*action);
        nodes[at + "/autostart"] = guest.autostart ? "1" : "0";
        if (!guest.arguments.empty()) nodes[at + "/arguments"] = guest.arguments;
        if (!guest.uuid.empty()) nodes[at + "/uuid"] = guest.uuid;
        if (!guest.file.empty()) nodes[at + "/file"] = guest.file;
        if (!guest.zone.empty()) nodes[at + "/zone"] = xs::encode_element(guest.zone);
        for (std::size_t i = 0; i < guest.interfaces.size(); ++i) {
            const auto& interface = guest.interfaces[i];
            // Inner nodes are named too, so that they go with the last node below them.
            const std::string port = at + "/interfaces/" + std::to_string(i);
            nodes[at + "/interfaces"] = "";
            nodes[port] = "";
            nodes[port + "/bridge"] = interface.bridge;
            nodes[port + "/mac"] = to_string(interface.mac);
            if (interface.address) nodes[port + "/address"] = to_string(*interface.address);
            if (interface.gateway) nodes[port + "/gateway"] = format_ipv4(*interface.gateway);
            if (interface.role != Role::none) {
                nodes[port + "/role"] = toolstack::name(interface.role);
            }
        }
    }
    for (const auto& [name, zone] : configuration.zones) {
        const std::string at = "zones/" + xs::encode_element(name);
        nodes[at] = "";
        nodes[at + "/chunks"] = "";
        nodes[at + "/origin"] = zone.origin;
        nodes[at + "/serial"] = std::to_string(zone.serial);
        nodes[at + "/count"] = std::to_string(zone.chunks.size());
        for (std::size_t i = 0; i < zone.chunks.size(); ++i)
            nodes[at + "/chunks/" + four_digits(i)] = zone.chunks[i];
    }
    return nodes;
}

Result<Configuration> from_nodes(const ConfigurationNodes& nodes) {
    Configuration configuration;
    for (const auto& [path, value] : nodes) {
        const auto parts = elements(path);
        if (parts.size() < 2) continue;
        const auto name = xs::decode_element(parts[1]);
        if (parts[0] == "bridges") {
            if (!name || !is_bridge_name(*name)) return unreadable(path, value, "a bridge's name");
            Bridge& bridge = configuration.bridges[*name];
            if (parts.size() == 3 && parts[2] == "address") {
                bridge.address = parse_ipv4_interface(value);
                if (!bridge.address) return unreadable(path, value, "an address with its prefix");
            }
        } else if (parts[0] == "guests") {
            if (!name || !is_guest_name(*name)) return unreadable(path, value, "a guest's name");
            Guest& guest = configuration.guests[*name];
            if (parts.size() == 3 && !take(guest, parts[2], value)) {
                return unreadable(path, value, "a value of " + std::string(parts[2]));
            }
            if (parts.size() >= 4 && parts[2] == "interfaces") {
                const auto index = parse_number(parts[3]);
                if (!index || *index >= interfaces_max) {
                    return unreadable(path, value, "an interface's number");
                }
                if (guest.interfaces.size() <= *index) guest.interfaces.resize(*index + 1);
                if (parts.size() == 5 && !take(guest.interfaces[*index], parts[4], value)) {
                    return unreadable(path, value, "a value of " + std::string(parts[4]));
                }
            }
        } else if (parts[0] == "zones") {
            if (!name || name->empty()) return unreadable(path, value, "a zone's name");
            Zone& zone = configuration.zones[*name];
            if (parts.size() == 3 && parts[2] == "origin") zone.origin = value;
            if (parts.size() == 3 && parts[2] == "serial") {
                const auto serial = parse_number(value);
                if (!serial) return unreadable(path, value, "a serial number");
                zone.serial = *serial;
            }
            if (parts.size() == 4 && parts[2] == "chunks") zone.chunks.push_back(value);
        }
    }
    for (const auto& [name, guest] : configuration.guests) {
        const std::string at = "guests/" + xs::encode_element(name);
        if (guest.image.empty()) return unreadable(at, "", "a node `image` below it");
        for (std::size_t i = 0; i < guest.interfaces.size(); ++i) {
            if (guest.interfaces[i].bridge.empty() || guest.interfaces[i].mac.is_zero()) {
                return unreadable(at + "/interfaces/" + std::to_string(i), "",
                                  "nodes `bridge` and `mac` below it");
            }
        }
    }
    return configuration;
}

StoreResult<ConfigurationNodes> read_nodes(Store& store, TransactionId transaction) {
    ConfigurationNodes nodes;
    if (auto read = read_below(store, transaction, "", nodes); !read) {
        return std::unexpected(std::move(read.error()));
    }
    return nodes;
}

Result<Configuration> load_configuration(Store& store) {
    const auto nodes = read_nodes(store);
    if (!nodes) return std::unexpected(nodes.error().error());
    return from_nodes(*nodes);
}

Result<bool> replace_configuration(Store& store, const Configuration& planned_on,
                                   const Configuration& wanted) {
    const ConfigurationNodes before = to_nodes(planned_on);
    const ConfigurationNodes after = to_nodes(wanted);
    bool unchanged = true;
    const auto written = store.transact([&](TransactionId transaction) -> StoreResult<void> {
        unchanged = true;
        const auto present = read_nodes(store, transaction);
        if (!present) return std::unexpected(present.error());
        const auto now = from_nodes(*present);
        if (!now || *now != planned_on) {
            unchanged = false;
            return {};
        }
        for (const auto& [path, value] : before) {
            // With its parents gone already, RM finds nothing, which is no error.
            if (after.contains(path)) continue;
            if (auto removed = store.remove(std::string(root) + '/' + path, transaction);
                !removed) {
                return removed;
            }
        }
        // A zone's guest reads it: everybody may read zones, the rest is dom0's.
        if (!wanted.zones.empty() && !present->contains("zones")) {
            const std::string zones = std::string(root) + "/zones";
            if (auto made = store.mkdir(zones, transaction); !made) return made;
            if (auto set = store.set_permissions(zones, {{xs::Access::read, 0}}, transaction);
                !set) {
                return set;
            }
        }
        for (const auto& [path, value] : after) {
            const auto old = present->find(path);
            if (old != present->end() && old->second == value) continue;
            if (auto set = store.write(std::string(root) + '/' + path, value, transaction); !set) {
                return set;
            }
        }
        return {};
    });
    if (!written) return std::unexpected(written.error().error());
    return unchanged;
}

}  // namespace stemma::toolstack
