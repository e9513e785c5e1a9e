#include "toolstack/interface_keys.hpp"

#include <catch2/catch.hpp>

namespace stemma::toolstack {

// What is not valid is in configuration_file_test.cpp, line by line.
TEST_CASE("each key of an interface is taken by its name") {
    Configuration configuration;
    configuration.bridges["b"].address = parse_ipv4_interface("10.0.0.254/24");
    Interface interface;
    const std::pair<const char*, const char*> words[] = {{"bridge", "b"},
                                                         {"mac", "00:16:3e:00:00:01"},
                                                         {"address", "10.0.0.1/24"},
                                                         {"gateway", "10.0.0.254"},
                                                         {"role", "inside"}};
    REQUIRE(interface_keys().size() == std::size(words));
    for (std::size_t i = 0; i < std::size(words); ++i) {
        const auto& [key, word] = words[i];
        CHECK(interface_keys()[i].name == key);
        CHECK(!take_interface_key(interface, key, word, configuration));
    }
    CHECK(interface == Interface{.bridge = "b",
                                 .mac = *parse_mac("00:16:3e:00:00:01"),
                                 .address = parse_ipv4_interface("10.0.0.1/24"),
                                 .gateway = parse_ipv4("10.0.0.254"),
                                 .role = Role::inside});
    CHECK(take_interface_key(interface, "address", "10.0.1.1/24", configuration));
    CHECK(take_interface_key(interface, "bridge", "c", configuration));
}

TEST_CASE("the interfaces that an image of ours can have are counted, others' are not") {
    Guest guest{.image = "dns"};
    CHECK(interface_faults(guest).size() == 1);
    guest.interfaces.push_back({.bridge = "b", .address = parse_ipv4_interface("10.0.0.1/24")});
    CHECK(interface_faults(guest).empty());
    guest.interfaces.push_back({.bridge = "b"});
    CHECK(interface_faults(guest).size() == 2);
    guest.image = "/vmlinuz";
    CHECK(interface_faults(guest).empty());
}

}  // namespace stemma::toolstack
