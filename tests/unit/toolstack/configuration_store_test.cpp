#include "toolstack/configuration_store.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"

namespace stemma::toolstack {

namespace {

Configuration sample() {
    Configuration configuration;
    configuration.bridges["xenbr0"].address = parse_ipv4_interface("10.0.0.254/24");
    configuration.bridges["br_1.5"] = {};
    Guest nat{.image = "nat", .memory = 64, .arguments = "mirror=off"};
    nat.interfaces.push_back({.bridge = "xenbr0",
                              .mac = generated_mac("nat0", 0),
                              .address = parse_ipv4_interface("10.0.0.1/24"),
                              .gateway = parse_ipv4("10.0.0.254"),
                              .role = Role::outside});
    nat.interfaces.push_back({.bridge = "br_1.5", .mac = generated_mac("nat0", 1)});
    configuration.guests["nat0"] = nat;
    configuration.guests["dns0"] = {.image = "dns",
                                    .zone = "example.org",
                                    .ends = {.on_crash = EndAction::restart},
                                    .autostart = false};
    configuration.guests["grub"] = {
        .image = "/boot/grub.bin",
        .vcpus = 2,
        .ends = {.on_poweroff = EndAction::restart, .on_reboot = EndAction::destroy},
        .uuid = "01234567-89ab-cdef-0123-456789abcdef",
        .file = "/etc/xen/grub.cfg"};
    configuration.zones["example.org"] = {"example.org.", 7, {"a\n", "b\n", "c"}};
    return configuration;
}

}  // namespace

TEST_CASE("a configuration reads back from its nodes as it was") {
    const auto nodes = to_nodes(sample());
    CHECK(nodes.at("bridges/br_5f1_2e5").empty());
    CHECK(nodes.at("guests/nat0/interfaces/0/gateway") == "10.0.0.254");
    CHECK(nodes.at("guests/dns0/zone") == "example_2eorg");
    CHECK(nodes.at("zones/example_2eorg/chunks/0002") == "c");
    CHECK(nodes.at("zones/example_2eorg/count") == "3");
    CHECK(from_nodes(nodes) == sample());
    CHECK(from_nodes({}) == Configuration());
}

TEST_CASE("what is written to the store is read back, and replaces what was there") {
    FakeStore store;
    CHECK(load_configuration(store) == Configuration());
    CHECK(replace_configuration(store, {}, sample()) == true);
    CHECK(load_configuration(store) == sample());
    CHECK(store.permissions.at("/stemma/zones") == "r0");

    Configuration smaller = sample();
    smaller.guests.erase("dns0");
    smaller.zones.clear();
    smaller.guests["nat0"].interfaces.pop_back();
    smaller.bridges["xenbr0"].address.reset();
    CHECK(replace_configuration(store, sample(), smaller) == true);
    CHECK(load_configuration(store) == smaller);
    CHECK(!store.has_below("/stemma/zones/example_2eorg"));
    CHECK(!store.has_below("/stemma/guests/nat0/interfaces/1"));
}

TEST_CASE("nothing is written when the configuration is not the one that was planned on") {
    FakeStore store;
    REQUIRE(replace_configuration(store, {}, sample()) == true);
    const auto before = store.nodes;
    CHECK(replace_configuration(store, {}, Configuration()) == false);
    CHECK(store.nodes == before);
}

TEST_CASE("a change by somebody else during the transaction is never lost") {
    FakeStore store;
    REQUIRE(replace_configuration(store, {}, sample()) == true);
    bool interfered = false;
    store.fault = [&](const std::string& request) -> std::optional<xs::Error> {
        if (request == "end T" && !std::exchange(interfered, true)) {
            store.set("/stemma/guests/nat0/memory", "128");
        }
        return std::nullopt;
    };
    Configuration wanted = sample();
    wanted.bridges["new"] = {};
    CHECK(replace_configuration(store, sample(), wanted) == false);
    CHECK(store.value("/stemma/guests/nat0/memory") == "128");
    CHECK(!store.has_below("/stemma/bridges/new"));
}

TEST_CASE("an error of the store is passed on and the transaction aborted") {
    FakeStore store;
    store.fault = [](const std::string& request) -> std::optional<xs::Error> {
        if (request == "write /stemma/guests/nat0/image") return xs::Error::enospc;
        return std::nullopt;
    };
    const auto result = replace_configuration(store, {}, sample());
    REQUIRE(!result);
    CHECK_THAT(result.error().cause, Catch::Contains("ENOSPC"));
    CHECK(store.requests.back() == "end F");
    CHECK(!store.has_below("/stemma"));
}

TEST_CASE("values that cannot be read are errors that name their path") {
    const std::tuple<const char*, const char*> cases[] = {
        {"bridges/br_zz", ""},
        {"bridges/xenbr0/address", "10.0.0.0"},
        {"guests/n_41/image", "nat"},
        {"guests/nat0/image", "bind"},
        {"guests/nat0/memory", "2"},
        {"guests/nat0/memory", "many"},
        {"guests/nat0/vcpus", "0"},
        {"guests/nat0/vcpus", "129"},
        {"guests/nat0/autostart", "yes"},
        {"guests/nat0/on_crash", "explode"},
        {"guests/nat0/on_reboot", ""},
        {"guests/nat0/zone", "_zz"},
        {"guests/nat0/interfaces/9/bridge", "xenbr0"},
        {"guests/nat0/interfaces/x/bridge", "xenbr0"},
        {"guests/nat0/interfaces/0/mac", "no"},
        {"guests/nat0/interfaces/0/address", "no"},
        {"guests/nat0/interfaces/0/gateway", "no"},
        {"guests/nat0/interfaces/0/role", "top"},
        {"zones/example_2eorg/serial", "no"},
    };
    for (const auto& [path, value] : cases) {
        INFO(path);
        auto nodes = to_nodes(sample());
        nodes[path] = value;
        const auto configuration = from_nodes(nodes);
        REQUIRE(!configuration);
        CHECK(configuration.error().on == std::string("/stemma/") + path);
    }
    CHECK(!from_nodes({{"guests/nat0/memory", "32"}}));  // no image
    CHECK(
        !from_nodes({{"guests/g/image", "nat"}, {"guests/g/interfaces/0/bridge", "b"}}));  // no mac
}

TEST_CASE("keys of later versions are left alone") {
    auto nodes = to_nodes(sample());
    nodes["hosts/h1/x"] = "1";
    nodes["guests/nat0/colour"] = "blue";
    CHECK(from_nodes(nodes) == sample());
}

}  // namespace stemma::toolstack
