#include "toolstack/configuration_changes.hpp"

#include <catch2/catch.hpp>

namespace stemma::toolstack {

namespace {

std::vector<std::string> lines(const Configuration& from, const Configuration& to) {
    std::vector<std::string> found;
    for (const auto& change : changes(from, to))
        found.push_back(std::string(1, change.sign) + ' ' + change.text);
    return found;
}

Configuration base() {
    Configuration configuration;
    configuration.bridges["xenbr0"].address = parse_ipv4_interface("10.0.0.254/24");
    configuration.guests["nat0"].image = "nat";
    configuration.guests["nat0"].interfaces = {
        {.bridge = "xenbr0", .mac = *parse_mac("00:16:3e:00:00:01"), .address = {}, .gateway = {}}};
    configuration.zones["a"] = {"a.", 1, {"x"}};
    return configuration;
}

}  // namespace

TEST_CASE("equal configurations have no changes") {
    CHECK(changes(base(), base()).empty());
    CHECK(changes({}, {}).empty());
}

TEST_CASE("each kind of change has its line") {
    using Edit = void (*)(Configuration&);
    const std::pair<Edit, std::vector<std::string>> cases[] = {
        {[](Configuration& c) { c.bridges["xenbr1"] = {}; }, {"+ bridge xenbr1"}},
        {[](Configuration& c) { c.bridges.clear(); }, {"- bridge xenbr0"}},
        {[](Configuration& c) { c.bridges["xenbr0"].address.reset(); },
         {"~ bridge xenbr0: address 10.0.0.254/24 -> none"}},
        {[](Configuration& c) { c.guests.clear(); }, {"- guest nat0"}},
        {[](Configuration& c) { c.guests["nat0"].memory = 64; },
         {"~ guest nat0: memory 32 MB -> 64 MB"}},
        {[](Configuration& c) { c.guests["nat0"].vcpus = 2; }, {"~ guest nat0: vcpus none -> 2"}},
        {[](Configuration& c) {
             c.guests["nat0"].image = "dns";
             c.guests["nat0"].autostart = false;
         },
         {"~ guest nat0: image nat -> dns, autostart yes -> no"}},
        {[](Configuration& c) { c.guests["nat0"].interfaces[0].bridge = "xenbr1"; },
         {"~ guest nat0 interface 0: bridge xenbr0 -> xenbr1"}},
        {[](Configuration& c) { c.guests["nat0"].interfaces.clear(); },
         {"- guest nat0 interface 0"}},
        {[](Configuration& c) { c.guests["p"] = {.image = "probe"}; },
         {"+ guest p: image probe, memory 32 MB, on_crash destroy, autostart yes"}},
        {[](Configuration& c) {
             c.zones["a"] = {"a.", 2, {"xy"}};
         },
         {"~ zone a: serial 1 -> 2, text 1 bytes -> 2 bytes"}},
    };
    for (const auto& [edit, expected] : cases) {
        Configuration to = base();
        edit(to);
        CHECK(lines(base(), to) == expected);
    }
}

TEST_CASE("every difference between two configurations makes a line, and the way back as many") {
    Configuration other = base();
    other.bridges["xenbr1"] = {};
    other.guests["nat0"].arguments = "x=y";
    other.guests["dns0"].image = "dns";
    CHECK(changes(base(), other).size() == changes(other, base()).size());
}

}  // namespace stemma::toolstack
