#include "toolstack/configuration_file.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

#include "toml_reader.hpp"
#include "toolstack/file_text.hpp"
#include "toolstack/interface_keys.hpp"
#include "toolstack/zone_file.hpp"

namespace stemma::toolstack {

namespace {

// One pass over a document, table by table, then the checks that span guests.
class ConfigurationReader {
  public:
    ConfigurationReader(const std::string& file, const ReadZoneFile& read_zone_file)
        : reader_(file), read_zone_file_(read_zone_file) {}

    void document(const toml::table& root);
    TomlReader& reader() { return reader_; }
    Configuration take() { return std::move(configuration_); }

  private:
    void bridge(const std::string& name, const toml::table& table);
    void guest(const std::string& name, const toml::table& table, const toml::source_region& where);
    void interface(const std::string& path, const toml::table& table, Interface& interface);
    void zone(const std::string& path, const toml::table& table, Guest& guest);
    void roles(const std::string& path, const toml::table& table, const Guest& guest);
    void take_address(std::uint32_t address, const std::string& owner, const toml::node& node,
                      const std::string& key);
    void generate_macs();

    TomlReader reader_;
    const ReadZoneFile& read_zone_file_;
    Configuration configuration_;
    std::map<std::uint32_t, std::string> addresses_;  // who has it
    std::map<MacAddress, std::string> macs_;
    std::map<std::string, std::string> zone_texts_;
};

void ConfigurationReader::document(const toml::table& root) {
    reader_.check_keys(root, "", {"bridges", "guests"});
    if (const auto* bridges = reader_.table(root, "", "bridges")) {
        if (bridges->size() > bridges_max) {
            reader_.fault(*bridges, "bridges",
                          "at most " + std::to_string(bridges_max) + " bridges are expected");
        }
        for (const auto& [key, value] : *bridges) {
            const std::string path = key_path("bridges", key.str());
            if (!is_bridge_name(key.str())) {
                reader_.fault(key.source(), path,
                              "a name of 1 to 15 letters, digits, '-', '_' or '.' is expected");
            } else if (const auto* table = value.as_table()) {
                bridge(std::string(key.str()), *table);
            } else {
                reader_.fault(value, path,
                              "a table is expected, not " + std::string(type_name(value)));
            }
        }
    }
    if (const auto* guests = reader_.table(root, "", "guests")) {
        if (guests->size() > guests_max) {
            reader_.fault(*guests, "guests",
                          "at most " + std::to_string(guests_max) + " guests are expected");
        }
        for (const auto& [key, value] : *guests) {
            const std::string path = key_path("guests", key.str());
            if (!is_guest_name(key.str())) {
                reader_.fault(key.source(), path,
                              "a name of 1 to 32 letters, digits or '-' is expected");
            } else if (const auto* table = value.as_table()) {
                guest(std::string(key.str()), *table, key.source());
            } else {
                reader_.fault(value, path,
                              "a table is expected, not " + std::string(type_name(value)));
            }
        }
    }
    generate_macs();
}

void ConfigurationReader::bridge(const std::string& name, const toml::table& table) {
    const std::string path = key_path("bridges", name);
    reader_.check_keys(table, path, {"address"});
    Bridge bridge;
    constexpr std::string_view expected = "an address with its prefix, as \"10.0.0.254/24\",";
    if (const auto text = reader_.string(table, path, "address", expected)) {
        const auto& node = *table.get("address");
        bridge.address = parse_ipv4_interface(*text);
        if (!bridge.address || !bridge.address->is_host()) {
            reader_.fault(node, path + ".address",
                          std::string(expected) + " is expected, not \"" + *text + '"');
        } else {
            take_address(bridge.address->address, "bridge " + name, node, path + ".address");
        }
    }
    configuration_.bridges.emplace(name, bridge);
}

void ConfigurationReader::guest(const std::string& name, const toml::table& table,
                                const toml::source_region& where) {
    const std::string path = key_path("guests", name);
    reader_.check_keys(
        table, path,
        {"image", "ramdisk", "type", "memory", "vcpus", "arguments", "zone", "origin",
         "on_poweroff", "on_reboot", "on_crash", "autostart", "interfaces"});
    Guest guest;
    constexpr std::string_view image = "\"nat\", \"dns\", \"probe\" or an absolute path";
    if (auto text = reader_.string(table, path, "image", image)) {
        guest.image = std::move(*text);
        const bool known = is_own_image(guest.image);
        const bool path_like = guest.image.starts_with('/') && guest.image.size() < 1024 &&
                               guest.image.find('\0') == std::string::npos;
        if (!known && !path_like) {
            reader_.fault(*table.get("image"), path + ".image",
                          std::string(image) + " is expected, not \"" + guest.image + '"');
        }
    } else if (!table.contains("image")) {
        reader_.fault(where, path + ".image",
                      std::string(image) + " is expected: the key is missing");
    }
    if (auto text = reader_.string(table, path, "ramdisk", "an absolute path")) {
        if (!text->starts_with('/') || text->size() >= 1024 || is_own_image(guest.image)) {
            reader_.fault(*table.get("ramdisk"), path + ".ramdisk",
                          "an absolute path is expected, for an image that takes one");
        }
        guest.ramdisk = std::move(*text);
    }
    if (const auto text = reader_.string(table, path, "type", "\"pvh\" or \"pv\"")) {
        if (*text == "pv") guest.type = GuestType::pv;
        if (*text == "pv" && is_own_image(guest.image)) {
            reader_.fault(*table.get("type"), path + ".type",
                          "\"pvh\" is expected: our own images are for PVH");
        } else if (*text != "pv" && *text != "pvh") {
            reader_.fault(*table.get("type"), path + ".type",
                          "\"pvh\" or \"pv\" is expected, not \"" + *text + '"');
        }
    }
    if (const auto memory = reader_.integer(table, path, "memory", memory_min, memory_max,
                                            "a whole number of MB")) {
        guest.memory = static_cast<std::uint32_t>(*memory);
    }
    if (const auto vcpus = reader_.integer(table, path, "vcpus", 1, vcpus_max,
                                           "a whole number of virtual processors")) {
        guest.vcpus = static_cast<std::uint32_t>(*vcpus);
        if (guest.vcpus != 1 && is_own_image(guest.image)) {
            reader_.fault(*table.get("vcpus"), path + ".vcpus",
                          "1 is expected: our own images use one processor");
        }
    }
    if (auto words = reader_.string(table, path, "arguments", "a string of words")) {
        const bool plain = words->size() < 1024 &&
                           std::ranges::all_of(*words, [](char c) { return c >= ' ' && c <= '~'; });
        if (!plain) {
            reader_.fault(*table.get("arguments"), path + ".arguments",
                          "words of printable ASCII, below 1,024 bytes, are expected");
        }
        guest.arguments = std::move(*words);
    }
    for (const auto& key : end_keys) {
        const auto text = reader_.string(table, path, key.name, "\"destroy\" or \"restart\"");
        if (!text) continue;
        if (const auto action = parse_end_action(*text)) {
            guest.ends.*key.action = *action;
        } else {
            reader_.fault(*table.get(key.name), key_path(path, key.name),
                          "\"destroy\" or \"restart\" is expected, not \"" + *text + '"');
        }
    }
    if (const auto value = reader_.boolean(table, path, "autostart")) guest.autostart = *value;
    if (const auto* array = reader_.array(table, path, "interfaces")) {
        if (array->size() > interfaces_max) {
            reader_.fault(*array, path + ".interfaces",
                          "at most " + std::to_string(interfaces_max) + " interfaces are expected");
        }
        for (std::size_t i = 0; i < array->size() && i < interfaces_max; ++i) {
            const std::string at = path + ".interfaces[" + std::to_string(i) + ']';
            const toml::node& node = *array->get(i);
            if (const auto* inner = node.as_table()) {
                interface(at, *inner, guest.interfaces.emplace_back());
            } else {
                reader_.fault(node, at, "a table is expected, not " + std::string(type_name(node)));
            }
        }
    }
    roles(path, table, guest);
    zone(path, table, guest);
    configuration_.guests.emplace(name, std::move(guest));
}

void ConfigurationReader::interface(const std::string& path, const toml::table& table,
                                    Interface& interface) {
    std::vector<std::string_view> names;
    for (const auto& key : interface_keys())
        names.push_back(key.name);
    reader_.check_keys(table, path, names);
    for (const auto& key : interface_keys()) {
        const std::string at = path + '.' + std::string(key.name);
        const auto text = reader_.string(table, path, key.name, key.expected);
        if (!text) {
            if (key.name == "bridge" && !table.contains("bridge")) {
                reader_.fault(table, at,
                              std::string(key.expected) +
                                  " is expected: the key is missing, and none is guessed");
            }
            continue;
        }
        const toml::node& node = *table.get(key.name);
        if (auto cause = take_interface_key(interface, key.name, *text, configuration_)) {
            reader_.fault(node, at, *cause);
        }
        if (key.name == "address" && interface.address) {
            take_address(interface.address->address, path, node, at);
        }
        if (key.name != "mac" || interface.mac.is_zero()) continue;
        if (const auto [owner, fresh] = macs_.emplace(interface.mac, path); !fresh) {
            reader_.fault(node, at,
                          "an address of its own is expected; " + owner->second + " has this one");
        }
    }
}

void ConfigurationReader::roles(const std::string& path, const toml::table& table,
                                const Guest& guest) {
    const auto* array = table.get_as<toml::array>("interfaces");
    const toml::node& all = array != nullptr ? static_cast<const toml::node&>(*array) : table;
    for (const auto& fault : interface_faults(guest)) {
        if (!fault.index) {
            reader_.fault(all, path + ".interfaces", fault.cause);
            continue;
        }
        const auto* inner = array->get(*fault.index)->as_table();
        if (inner == nullptr)
            continue;  // what stands there is no interface, and that has been told
        const toml::node* node = inner->get(fault.key);
        // One that is there and not valid has been told.
        if (fault.key == "address" && node != nullptr) continue;
        reader_.fault(
            node != nullptr ? *node : *inner,
            path + ".interfaces[" + std::to_string(*fault.index) + "]." + std::string(fault.key),
            fault.cause);
    }
}

void ConfigurationReader::zone(const std::string& path, const toml::table& table, Guest& guest) {
    const auto file = reader_.string(table, path, "zone", "the name of a zone file");
    auto origin = reader_.string(table, path, "origin", "a domain name");
    if (origin && !is_domain_name(*origin)) {
        reader_.fault(*table.get("origin"), path + ".origin",
                      "a domain name is expected, not \"" + *origin + '"');
        return;
    }
    if (!table.contains("zone")) {
        if (guest.image == "dns") {
            reader_.fault(table, path + ".zone",
                          "the name of a zone file is expected: the key is missing");
        }
        if (origin) {
            reader_.fault(*table.get("origin"), path + ".origin",
                          "a `zone` beside it is expected: the key is missing");
        }
        return;
    }
    if (!file) return;
    const toml::node& node = *table.get("zone");
    const auto text = read_zone_file_(*file);
    if (!text) {
        reader_.fault(node, path + ".zone", "cannot read \"" + *file + "\": " + text.error());
        return;
    }
    auto zone = make_zone(*text, origin.value_or(""));
    if (!zone) {
        std::string where = '"' + *file + '"';
        if (zone.error().line > 0) where += " line " + std::to_string(zone.error().line);
        reader_.fault(node, path + ".zone", where + ": " + zone.error().cause);
        return;
    }
    guest.zone = zone_name(zone->origin);
    const auto [known, fresh] = zone_texts_.emplace(guest.zone, *text);
    if (!fresh && known->second != *text) {
        reader_.fault(node, path + ".zone",
                      "one text for the zone " + zone->origin +
                          " is expected, another guest has "
                          "another");
    }
    configuration_.zones.insert_or_assign(guest.zone, std::move(*zone));
}

void ConfigurationReader::take_address(std::uint32_t address, const std::string& owner,
                                       const toml::node& node, const std::string& key) {
    const auto [known, fresh] = addresses_.emplace(address, owner);
    if (fresh) return;
    reader_.fault(
        node, key,
        "an address of its own is expected; " + known->second + " has " + format_ipv4(address));
}

void ConfigurationReader::generate_macs() {
    for (auto& [name, guest] : configuration_.guests) {
        for (unsigned i = 0; i < guest.interfaces.size(); ++i) {
            auto& mac = guest.interfaces[i].mac;
            if (!mac.is_zero()) continue;
            const std::string path = "guests." + name + ".interfaces[" + std::to_string(i) + ']';
            mac = free_mac(
                name, i, [&](const MacAddress& free) { return !macs_.emplace(free, path).second; });
        }
    }
}

// Control characters stand nowhere in a TOML document (TOML 1.0, "Spec"); told before the parser,
// which shows them as they are.
std::optional<FileFault> control_character(std::string_view text, const std::string& file) {
    unsigned line = 1;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n') ++line;
        const bool line_end = c == '\n' || (c == '\r' && text.substr(i + 1).starts_with('\n'));
        if (c == '\t' || line_end || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f'))
            continue;
        constexpr char digits[] = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        return FileFault{file, line, "",
                         std::string("a control character, 0x") + digits[byte >> 4] +
                             digits[byte & 15] + ", stands where text is expected"};
    }
    return std::nullopt;
}

}  // namespace

std::expected<Configuration, std::vector<FileFault>> parse_configuration(
    std::string_view text, const std::string& file, const ReadZoneFile& read_zone_file) {
    if (text.size() > configuration_text_max) {
        return std::unexpected(std::vector{FileFault{
            file, 0, "", "longer than " + std::to_string(configuration_text_max) + " bytes"}});
    }
    if (auto fault = control_character(text, file)) return std::unexpected(std::vector{*fault});
    const auto parsed = toml::parse(text);
    if (!parsed) {
        return std::unexpected(std::vector{FileFault{file, parsed.error().source().begin.line, "",
                                                     std::string(parsed.error().description())}});
    }
    ConfigurationReader reader(file, read_zone_file);
    reader.document(parsed.table());
    if (reader.reader().has_faults()) return std::unexpected(reader.reader().faults());
    return reader.take();
}

Result<Configuration> read_configuration(const std::string& path) {
    const auto text = read_file_text(path, configuration_text_max);
    if (!text) {
        return failure(ErrorKind::configuration, "read the configuration", path, text.error());
    }
    const std::filesystem::path directory = std::filesystem::path(path).parent_path();
    const ReadZoneFile read_zone_file = [&](const std::string& name) {
        return read_file_text((directory / name).string(), zone_text_max);
    };
    auto configuration = parse_configuration(*text, path, read_zone_file);
    if (configuration) return std::move(*configuration);
    return file_failure("the configuration", path, configuration.error(), "see stemma.toml(5)");
}

}  // namespace stemma::toolstack
