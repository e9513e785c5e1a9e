#include "toolstack/configuration.hpp"

#include <catch2/catch.hpp>

namespace stemma::toolstack {

namespace {

Interface interface(const char* bridge, const char* address, Role role = Role::none) {
    return {.bridge = bridge, .address = parse_ipv4_interface(address), .role = role};
}

}  // namespace

TEST_CASE("a guest is meant by its name, or by an image that only one has") {
    Configuration configuration;
    configuration.guests["nat0"].image = "nat";
    configuration.guests["dns0"].image = "dns";
    configuration.guests["dns1"].image = "dns";
    configuration.guests["probe"].image = "nat2";
    std::string found;
    REQUIRE(find_guest(configuration, "nat", found) != nullptr);
    CHECK(found == "nat0");
    REQUIRE(find_guest(configuration, "dns1", found) != nullptr);
    CHECK(found == "dns1");
    REQUIRE(find_guest(configuration, "probe", found) != nullptr);
    CHECK(found == "probe");
    CHECK(find_guest(configuration, "dns", found) == nullptr);
    CHECK(find_guest(configuration, "bind", found) == nullptr);
}

TEST_CASE("the command line names interfaces by role or as address") {
    Guest nat{.image = "nat"};
    nat.interfaces = {interface("xenbr0", "10.0.0.1/24", Role::outside),
                      interface("xenbr1", "10.0.1.1/24", Role::inside)};
    nat.interfaces[0].gateway = parse_ipv4("10.0.0.254");
    nat.arguments = "mirror=off";
    CHECK(command_line(nat) ==
          "outside=vif0,10.0.0.1/24 inside=vif1,10.0.1.1/24 gateway=10.0.0.254 mirror=off");

    Guest dns{.image = "dns"};
    dns.interfaces = {interface("xenbr0", "10.0.0.53/24")};
    dns.zone = "example.org";
    CHECK(command_line(dns) == "address=vif0,10.0.0.53/24 zone=/stemma/zones/example_2eorg");
    CHECK(command_line(Guest{}).empty());
}

TEST_CASE("names of guests and bridges are what XenStore, git and Linux all take") {
    for (const char* good : {"nat", "nat0", "a-b", "0", "A"})
        CHECK(is_guest_name(good));
    const std::string long_name(33, 'a');
    for (const char* bad : {"", "-a", "a b", "a/b", "a.b", "a_b", long_name.c_str()}) {
        INFO(bad);
        CHECK(!is_guest_name(bad));
    }
    for (const char* good : {"xenbr0", "br-lan.5", "br_0"})
        CHECK(is_bridge_name(good));
    for (const char* bad : {"", ".", "..", "-br", "xenbr0123456789a", "a/b", "a b"}) {
        INFO(bad);
        CHECK(!is_bridge_name(bad));
    }
}

}  // namespace stemma::toolstack
