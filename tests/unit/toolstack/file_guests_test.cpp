#include "toolstack/file_guests.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"
#include "toolstack/configuration_store.hpp"

namespace stemma::toolstack {

namespace {

Guest web() {
    Guest guest{.image = "/boot/web", .autostart = false, .file = "/etc/xen/web.cfg"};
    guest.interfaces = {{.bridge = "xenbr0"}, {.bridge = "xenbr0"}};
    return guest;
}

Configuration with_nat() {
    Configuration configuration;
    configuration.bridges["xenbr0"] = {};
    Guest nat{.image = "/boot/nat"};
    nat.interfaces = {{.bridge = "xenbr0", .mac = generated_mac("web", 0)}};
    configuration.guests["nat"] = nat;
    return configuration;
}

}  // namespace

TEST_CASE("interfaces without an address get one that no other has, the same each time") {
    const auto alone = fitted({}, "web", web());
    REQUIRE(alone);
    CHECK(alone->interfaces[0].mac == generated_mac("web", 0));
    CHECK(alone->interfaces[1].mac == generated_mac("web", 1));
    const auto beside = fitted(with_nat(), "web", web());
    REQUIRE(beside);
    CHECK(beside->interfaces[0].mac == generated_mac("web", 0, 1));
    Guest one_given = web();
    one_given.interfaces[1].mac = generated_mac("web", 0);
    CHECK(fitted({}, "web", one_given)->interfaces[0].mac == generated_mac("web", 0, 1));
}

TEST_CASE("a guest that does not fit beside the others is refused") {
    const auto taken = fitted(with_nat(), "nat", web());
    REQUIRE_FALSE(taken);
    CHECK(taken.error().kind == ErrorKind::refused);
    CHECK(taken.error().cause.find("not by /etc/xen/web.cfg") != std::string::npos);
    Guest same_address = web();
    same_address.interfaces[0].mac = generated_mac("web", 0);
    const auto address = fitted(with_nat(), "web", same_address);
    REQUIRE_FALSE(address);
    CHECK(address.error().cause.starts_with("guest nat has the address"));
}

TEST_CASE("a guest of a file is put into the configuration, changed there, and taken out") {
    FakeStore store;
    REQUIRE(replace_configuration(store, {}, with_nat()) == true);
    REQUIRE(configure_file_guest(store, "web", web()));
    const auto first = load_configuration(store);
    REQUIRE(first);
    CHECK(first->guests.at("web").file == "/etc/xen/web.cfg");
    CHECK(first->guests.at("web").interfaces[0].mac == generated_mac("web", 0, 1));

    Guest larger = web();
    larger.memory = 64;
    larger.interfaces.pop_back();
    REQUIRE(configure_file_guest(store, "web", larger));
    CHECK(load_configuration(store)->guests.at("web").memory == 64);
    CHECK(load_configuration(store)->guests.at("web").interfaces.size() == 1);

    CHECK(forget_file_guest(store, "web") == true);
    CHECK(load_configuration(store) == with_nat());
    CHECK(forget_file_guest(store, "web") == false);
}

TEST_CASE("a guest of a configuration file is neither replaced nor forgotten") {
    FakeStore store;
    REQUIRE(replace_configuration(store, {}, with_nat()) == true);
    CHECK_FALSE(configure_file_guest(store, "nat", web()));
    CHECK(forget_file_guest(store, "nat") == false);
    CHECK(load_configuration(store) == with_nat());
}

TEST_CASE("a configuration file leaves the guests of other files, unless it has one of that name") {
    Configuration present = with_nat();
    present.guests["web"] = *fitted(present, "web", web());
    CHECK(with_file_guests(with_nat(), present) == present);
    CHECK(with_file_guests({}, present).guests.size() == 1);
    Configuration takes_over = with_nat();
    takes_over.guests["web"] = {.image = "probe"};
    CHECK(with_file_guests(takes_over, present) == takes_over);
}

}  // namespace stemma::toolstack
