#include "toolstack/configuration_file.hpp"

#include <catch2/catch.hpp>

#include <unistd.h>
#include <cstdio>
#include <cstdlib>

#include <filesystem>
#include <fstream>

namespace stemma::toolstack {

namespace {

std::expected<std::string, std::string> zone_text(const std::string& name) {
    if (name == "good.zone") return "$ORIGIN example.org.\n@ SOA ns host 1 2 3 4 5\n";
    if (name == "other.zone") return "$ORIGIN example.org.\n@ SOA ns host 9 2 3 4 5\n";
    if (name == "nameless.zone") return "\n@ SOA ns host 1 2 3 4 5\n";
    return std::unexpected("No such file or directory");
}

// The faults of a text, each as "line: key: cause".
std::vector<std::string> faults_of(const std::string& text) {
    const auto parsed = parse_configuration(text, "f", zone_text);
    std::vector<std::string> lines;
    if (!parsed) {
        for (const auto& fault : parsed.error())
            lines.push_back(to_string(fault));
    }
    return lines;
}

constexpr const char* talk = R"(
[bridges.xenbr0]
address = "10.0.0.254/24"
[bridges.xenbr1]
[guests.nat0]
image = "nat"
memory = 32
interfaces = [
  {bridge = "xenbr0", address = "10.0.0.1/24", role = "outside"},
  {bridge = "xenbr1", address = "10.0.1.1/24", role = "inside", mac = "00:16:3E:00:00:02"}]
[guests.dns0]
image = "dns"
zone = "good.zone"
arguments = "cache=off"
on_crash = "restart"
on_reboot = "destroy"
autostart = false
interfaces = [{bridge = "xenbr0", address = "10.0.0.53/24", gateway = "10.0.0.1"}]
)";

}  // namespace

TEST_CASE("the talk's configuration is read whole") {
    const auto configuration = parse_configuration(talk, "net.toml", zone_text);
    REQUIRE(configuration);
    CHECK(configuration->bridges.size() == 2);
    CHECK(configuration->bridges.at("xenbr0").address == parse_ipv4_interface("10.0.0.254/24"));
    const Guest& nat = configuration->guests.at("nat0");
    CHECK(nat.image == "nat");
    CHECK(nat.memory == 32);
    CHECK(nat.autostart);
    REQUIRE(nat.interfaces.size() == 2);
    CHECK(nat.interfaces[0].role == Role::outside);
    CHECK(nat.interfaces[0].mac == generated_mac("nat0", 0));
    CHECK(to_string(nat.interfaces[1].mac) == "00:16:3e:00:00:02");
    const Guest& dns = configuration->guests.at("dns0");
    CHECK(dns.zone == "example.org");
    CHECK(dns.arguments == "cache=off");
    CHECK(dns.ends == EndPolicy{.on_reboot = EndAction::destroy, .on_crash = EndAction::restart});
    CHECK(!dns.autostart);
    CHECK(dns.interfaces[0].gateway == parse_ipv4("10.0.0.1"));
    CHECK(configuration->zones.at("example.org").origin == "example.org.");
}

TEST_CASE("an empty file is an empty configuration") {
    CHECK(parse_configuration("", "f", zone_text) == Configuration());
}

TEST_CASE("each fault names file, line, key and what is expected") {
    const std::string bridge = "[bridges.b]\n";
    const std::string guest = bridge + "[guests.g]\nimage = \"probe\"\n";
    const auto with_interface = [&](const std::string& inner) {
        return guest + "interfaces = [{" + inner + "}]\n";
    };
    const std::pair<std::string, std::string> cases[] = {
        {"a = ", "f:1: "},
        {"\n[!x]", "f:2: "},
        {"[a.!x]", "f:1: "},
        {"!x = 1", "f:1: "},
        {"a = {!x = 1}", "f:1: "},
        {"\u00e9 = 1", "f:1: "},
        {"a = 1 \u00e9", "f:1: "},
        {"a = 1 \u3042", "f:1: "},
        {"a = 1 \u2c5f", "f:1: "},
        {"a = 1\n\u200c", "f:2: "},
        {std::string("\nb\x01", 3),
         "f:2: a control character, 0x01, stands where text is expected"},
        {"b\rc", "f:1: a control character, 0x0d, stands where text is expected"},
        {"[bridge.b]", "f:1: bridge: unknown key; did you mean `bridges`?"},
        {"zzz = 1", "f:1: zzz: unknown key; known here: bridges guests"},
        {"bridges = 1", "f:1: bridges: a table is expected, not an integer"},
        {"[bridges]\nb = 1", "f:2: bridges.b: a table is expected, not an integer"},
        {"[bridges.\"a b\"]",
         "f:1: bridges.a b: a name of 1 to 15 letters, digits, '-', '_' or '.' is expected"},
        {"[bridges.b]\naddress = 5",
         "f:2: bridges.b.address: an address with its prefix, as \"10.0.0.254/24\", is expected, "
         "not an integer"},
        {"[bridges.b]\naddress = \"10.0.0.0/24\"",
         "f:2: bridges.b.address: an address with its prefix, as \"10.0.0.254/24\", is expected, "
         "not \"10.0.0.0/24\""},
        {"[bridges.b]\nadress = \"10.0.0.1/24\"",
         "f:2: bridges.b.adress: unknown key; did you mean `address`?"},
        {"[guests.\"a.b\"]\nimage = \"nat\"",
         "f:1: guests.a.b: a name of 1 to 32 letters, digits or '-' is expected"},
        {bridge + "[guests.g]\ninterfaces = [{bridge = \"b\"}]",
         "f:2: guests.g.image: \"nat\", \"dns\", \"probe\" or an absolute path is expected: the "
         "key "
         "is missing"},
        {"[guests.g]\nimage = \"bind\"",
         "f:2: guests.g.image: \"nat\", \"dns\", \"probe\" or an absolute path is expected, not "
         "\"bind\""},
        {"[guests.g]\nimage = \"/x\"\nmemory = \"big\"",
         "f:3: guests.g.memory: a whole number of MB from 4 to 1048576 is expected, not a string"},
        {"[guests.g]\nimage = \"/x\"\nmemory = 2",
         "f:3: guests.g.memory: a whole number of MB from 4 to 1048576 is expected, not 2"},
        {"[guests.g]\nimage = \"/x\"\nvcpus = 0",
         "f:3: guests.g.vcpus: a whole number of virtual processors from 1 to 128 is expected, not "
         "0"},
        {"[bridges.b]\n[guests.g]\nimage = \"probe\"\nvcpus = 2\n"
         "interfaces = [{bridge = \"b\", address = \"10.0.0.2/24\"}]",
         "f:4: guests.g.vcpus: 1 is expected: our own images use one processor"},
        {"[guests.g]\nimage = \"/x\"\nmemory = 32.5",
         "f:3: guests.g.memory: a whole number of MB from 4 to 1048576 is expected, not a decimal "
         "fraction"},
        {"[guests.g]\nimage = \"/x\"\nautostart = \"yes\"",
         "f:3: guests.g.autostart: true or false is expected, not a string"},
        {"[guests.g]\nimage = \"/x\"\non_crash = \"explode\"",
         "f:3: guests.g.on_crash: \"destroy\" or \"restart\" is expected, not \"explode\""},
        {"[guests.g]\nimage = \"/x\"\narguments = \"a\\u0007b\"",
         "f:3: guests.g.arguments: words of printable ASCII, below 1,024 bytes, are expected"},
        {"[guests.g]\nimage = \"/x\"\ninterfaces = 5",
         "f:3: guests.g.interfaces: an array is expected, not an integer"},
        {"[guests.g]\nimage = \"/x\"\ninterfaces = [5]",
         "f:3: guests.g.interfaces[0]: a table is expected, not an integer"},
        {with_interface("address = \"10.0.0.1/24\""),
         "f:4: guests.g.interfaces[0].bridge: the name of a bridge is expected: the key is "
         "missing, "
         "and none is guessed"},
        {with_interface("bridge = \"c\", address = \"10.0.0.1/24\""),
         "f:4: guests.g.interfaces[0].bridge: the name of a bridge that is configured is expected; "
         "\"c\" is not: add [bridges.c]"},
        {with_interface("bridge = \"b\""),
         "f:4: guests.g.interfaces[0].address: an address is expected: the key is missing"},
        {with_interface("bridge = \"b\", address = \"10.0.0.1\""),
         "f:4: guests.g.interfaces[0].address: an address with its prefix, as \"10.0.0.1/24\", is "
         "expected, not \"10.0.0.1\""},
        {with_interface("bridge = \"b\", address = \"10.0.0.1/24\", mac = \"01:00:5e:00:00:01\""),
         "f:4: guests.g.interfaces[0].mac: an address of one station, as \"00:16:3e:00:00:01\", is "
         "expected, not \"01:00:5e:00:00:01\""},
        {with_interface("bridge = \"b\", address = \"10.0.0.1/24\", gateway = \"10.0.1.1\""),
         "f:4: guests.g.interfaces[0].gateway: the address of another host in the interface's "
         "network is expected, not \"10.0.1.1\""},
        {with_interface("bridge = \"b\", address = \"10.0.0.1/24\", gateway = \"10.0.0.1\""),
         "f:4: guests.g.interfaces[0].gateway: the address of another host in the interface's "
         "network is expected, not \"10.0.0.1\""},
        {with_interface("bridge = \"b\", address = \"10.0.0.1/24\", role = \"top\""),
         "f:4: guests.g.interfaces[0].role: \"outside\" or \"inside\" is expected, not \"top\""},
        {with_interface("bridge = \"b\", address = \"10.0.0.1/24\", role = \"inside\""),
         "f:4: guests.g.interfaces[0].role: a role is expected of a nat guest's interfaces only"},
        {"[bridges.b]\naddress = \"10.0.0.1/24\"\n[guests.g]\nimage = \"probe\"\n"
         "interfaces = [{bridge = \"b\", address = \"10.0.0.1/24\"}]",
         "f:5: guests.g.interfaces[0].address: an address of its own is expected; bridge b has "
         "10.0.0.1"},
        {"[bridges.b]\naddress = \"10.0.0.1/24\"\n[guests.g]\nimage = \"probe\"\n"
         "interfaces = [{bridge = \"b\", address = \"10.0.1.1/24\"}]",
         "f:5: guests.g.interfaces[0].address: an address in the network of its bridge, "
         "10.0.0.0/24, is expected, not \"10.0.1.1/24\""},
        {guest, "f:2: guests.g.interfaces: one interface is expected of a probe guest, not 0"},
        {bridge + "[guests.g]\nimage = \"/x\"\ninterfaces = [\n"
                  "{bridge = \"b\", mac = \"00:16:3e:00:00:01\"},\n"
                  "{bridge = \"b\", mac = \"00:16:3e:00:00:01\"}]",
         "f:6: guests.g.interfaces[1].mac: an address of its own is expected; "
         "guests.g.interfaces[0] has this one"},
        {"[guests.g]\nimage = \"/x\"\nzone = \"none.zone\"",
         "f:3: guests.g.zone: cannot read \"none.zone\": No such file or directory"},
        {"[guests.g]\nimage = \"/x\"\nzone = \"nameless.zone\"",
         "f:3: guests.g.zone: \"nameless.zone\" line 2: the zone's name cannot be told from \"@\": "
         "begin with $ORIGIN and an absolute name, or set `origin` in the configuration"},
        {"[guests.g]\nimage = \"/x\"\norigin = \"a b\"\nzone = \"good.zone\"",
         "f:3: guests.g.origin: a domain name is expected, not \"a b\""},
        {"[guests.g]\nimage = \"/x\"\norigin = \"a\"",
         "f:3: guests.g.origin: a `zone` beside it is expected: the key is missing"},
        {"[guests.g]\nimage = \"/x\"\nzone = \"good.zone\"\n"
         "[guests.h]\nimage = \"/x\"\nzone = \"other.zone\"",
         "f:6: guests.h.zone: one text for the zone example.org. is expected, another guest has "
         "another"},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        const auto faults = faults_of(text);
        REQUIRE(faults.size() >= 1);
        CHECK_THAT(faults.front(), Catch::StartsWith(expected));
        CHECK(faults.size() == 1);
    }
}

TEST_CASE("a nat guest needs one interface of each role, a dns guest a zone") {
    const auto faults = faults_of(
        "[bridges.b]\n[guests.n]\nimage = \"nat\"\n"
        "interfaces = [{bridge = \"b\", address = \"10.0.0.1/24\", role = \"inside\"}]\n"
        "[guests.d]\nimage = \"dns\"\n"
        "interfaces = [{bridge = \"b\", address = \"10.0.0.2/24\"}]\n");
    REQUIRE(faults.size() == 2);
    CHECK(faults[0] ==
          "f:4: guests.n.interfaces: one interface with role = \"outside\" is expected of a nat "
          "guest");
    CHECK(faults[1] ==
          "f:5: guests.d.zone: the name of a zone file is expected: the key is missing");
}

TEST_CASE("all faults are told at once, in order of lines, up to a bound") {
    std::string text;
    for (int i = 0; i < 40; ++i)
        text += "key" + std::to_string(i) + " = 1\n";
    const auto parsed = parse_configuration(text, "f", zone_text);
    REQUIRE(!parsed);
    REQUIRE(parsed.error().size() == faults_max + 1);
    for (unsigned i = 0; i < faults_max; ++i)
        CHECK(parsed.error()[i].line == i + 1);
    CHECK(parsed.error().back().cause == "and 20 more");
    CHECK(!parse_configuration(std::string(configuration_text_max + 1, '\n'), "f", zone_text));
}

TEST_CASE("addresses that collide by hash are made to differ") {
    // Two guests may not get one generated address, whatever the names are.
    std::string text = "[bridges.b]\n";
    for (int i = 0; i < 900; ++i) {
        text += "[guests.g" + std::to_string(i) +
                "]\nimage = \"/x\"\ninterfaces = [{bridge = \"b\"}]\n";
    }
    const auto configuration = parse_configuration(text, "f", zone_text);
    REQUIRE(configuration);
    std::map<MacAddress, std::string> seen;
    for (const auto& [name, guest] : configuration->guests)
        CHECK(seen.emplace(guest.interfaces[0].mac, name).second);
}

TEST_CASE("zone files are sought beside the configuration") {
    const auto directory = std::filesystem::temp_directory_path() /
                           ("stemma-configuration-" + std::to_string(::getpid()));
    std::filesystem::create_directory(directory);
    std::ofstream(directory / "z") << "$ORIGIN example.org.\n";
    std::ofstream(directory / "c.toml") << "[guests.g]\nimage = \"/x\"\nzone = \"z\"\n";
    const auto configuration = read_configuration((directory / "c.toml").string());
    CHECK(configuration);
    const auto missing = read_configuration((directory / "none").string());
    REQUIRE(!missing);
    CHECK(missing.error().kind == ErrorKind::configuration);
    CHECK(missing.error().cause == "No such file or directory");
    CHECK(!read_configuration(directory.string()));
    std::filesystem::remove_all(directory);
}

}  // namespace stemma::toolstack
