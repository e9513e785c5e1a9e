#include <catch2/catch.hpp>

#include "fake_links.hpp"
#include "toolstack/reconcile.hpp"

namespace stemma::toolstack {

namespace {

Configuration wanted() {
    Configuration configuration;
    configuration.bridges["xenbr0"].address = parse_ipv4_interface("10.0.0.254/24");
    configuration.bridges["xenbr1"] = {};
    Guest guest{.image = "probe"};
    guest.interfaces.push_back(
        {.bridge = "xenbr0", .mac = generated_mac("p", 0), .address = {}, .gateway = {}});
    configuration.guests["p"] = guest;
    return configuration;
}

// As it is when everything is as wanted.
struct World {
    FakeLinks links;
    Observed observed;

    World() {
        links.add("eth0", "");
        auto& bridge = links.add("xenbr0", "bridge", own_bridge_alias);
        bridge.addresses.push_back(*parse_ipv4_interface("10.0.0.254/24"));
        const int master = bridge.index;
        links.add("xenbr1", "bridge", own_bridge_alias);
        links.add("vif3.0", "veth", "stemma-port", master);
        observed.guests.push_back(
            {{.id = 3, .name = "p", .uuid = "", .state = DomainState::running, .ending = ""},
             {"probe",
              "",
              "pvh",
              "32",
              "1",
              command_line(wanted().guests.at("p")),
              {{0, "xenbr0", to_string(generated_mac("p", 0))}}},
             false});
    }
    std::vector<std::string> plan(const Configuration& configuration) {
        observed.links = links.links;
        const auto actions = plan_actions(configuration, observed);
        if (!actions) return {to_string(actions.error())};
        std::vector<std::string> lines;
        for (const auto& action : *actions)
            lines.push_back(std::string(1, sign(action)) + ' ' + to_string(action));
        return lines;
    }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("when all is as wanted there is nothing to do") {
    CHECK(World().plan(wanted()).empty());
}

TEST_CASE("on an empty machine bridges are made before guests are started") {
    World world;
    world.links.links.clear();
    world.observed.guests.clear();
    CHECK(world.plan(wanted()) == Lines{"+ make bridge xenbr0",
                                        "+ give 10.0.0.254/24 to bridge xenbr0",
                                        "+ make bridge xenbr1", "+ start p"});
    CHECK(world.plan({}).empty());
}

TEST_CASE("what is not wanted any more goes: guests first, then our bridges, never others'") {
    World world;
    world.links.add("docker0", "bridge");
    CHECK(world.plan({}) == Lines{"- destroy p, domain 3 (it is not in the configuration)",
                                  "- remove bridge xenbr0", "- remove bridge xenbr1"});
}

TEST_CASE("a bridge that keeps somebody else's port is left in place") {
    World world;
    world.links.at("eth0").master = world.links.at("xenbr1").index;
    CHECK(world.plan({}) == Lines{"- destroy p, domain 3 (it is not in the configuration)",
                                  "- remove bridge xenbr0"});
}

TEST_CASE("a bridge that a wanted guest is on stays, though no configuration file has it") {
    Configuration configuration = wanted();
    configuration.bridges.erase("xenbr0");
    CHECK(World().plan(configuration).empty());
}

TEST_CASE("a guest that is to have another UUID is made anew") {
    Configuration configuration = wanted();
    configuration.guests["p"].uuid = "01234567-89ab-cdef-0123-456789abcdef";
    World world;
    world.observed.guests[0].domain.uuid = configuration.guests["p"].uuid;
    CHECK(world.plan(configuration).empty());
    world.observed.guests[0].domain.uuid = "another";
    CHECK(world.plan(configuration) ==
          Lines{"- destroy p, domain 3 (to be made anew: its UUID was another)", "+ start p"});
}

TEST_CASE("a bridge that is down is taken up, and a link of its name that is none is refused") {
    World world;
    world.links.at("xenbr1").up = false;
    CHECK(world.plan(wanted()) == Lines{"~ take up bridge xenbr1"});
    world.links.at("xenbr1").kind = "veth";
    const auto lines = world.plan(wanted());
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0], Catch::Contains("a link of that name is there and is a veth"));
}

TEST_CASE("addresses of our bridges are as wanted, those of others only added to") {
    World world;
    auto configuration = wanted();
    configuration.bridges["xenbr0"].address = parse_ipv4_interface("10.0.9.254/24");
    CHECK(world.plan(configuration) == Lines{"- remove 10.0.0.254/24 from bridge xenbr0",
                                             "+ give 10.0.9.254/24 to bridge xenbr0"});
    world.links.at("xenbr0").alias = "";
    CHECK(world.plan(configuration) == Lines{"+ give 10.0.9.254/24 to bridge xenbr0"});
}

TEST_CASE("another bridge is a move, whatever else changed makes the guest anew, and says why") {
    using Edit = void (*)(Guest&);
    const std::pair<Edit, Lines> cases[] = {
        {[](Guest& guest) { guest.interfaces[0].bridge = "xenbr1"; },
         {"~ move p interface 0 (vif3.0) to xenbr1"}},
        {[](Guest& guest) { guest.memory = 64; },
         {"- destroy p, domain 3 (to be made anew: its memory was 32 MB)", "+ start p"}},
        {[](Guest& guest) { guest.vcpus = 2; },
         {"- destroy p, domain 3 (to be made anew: its vcpus were 1)", "+ start p"}},
        {[](Guest& guest) { guest.image = "/other"; },
         {"- destroy p, domain 3 (to be made anew: its image was probe)", "+ start p"}},
        {[](Guest& guest) { guest.arguments = "x=y"; },
         {"- destroy p, domain 3 (to be made anew: it was started with ``)", "+ start p"}},
        {[](Guest& guest) { guest.interfaces.clear(); },
         {"- destroy p, domain 3 (to be made anew: it had 1 interfaces)", "+ start p"}},
        {[](Guest& guest) { guest.interfaces[0].mac = *parse_mac("00:16:3e:00:00:09"); },
         {"- destroy p, domain 3 (to be made anew: interface 0 had " +
              to_string(generated_mac("p", 0)) + ")",
          "+ start p"}},
        {[](Guest& guest) { guest.autostart = false; }, {}},
        {[](Guest& guest) { guest.ends.on_crash = EndAction::restart; }, {}},
    };
    for (const auto& [edit, expected] : cases) {
        World world;
        auto configuration = wanted();
        edit(configuration.guests["p"]);
        CHECK(world.plan(configuration) == expected);
    }
}

TEST_CASE("a port that somebody moved or freed by hand is put back") {
    World world;
    world.links.at("vif3.0").master = 0;
    CHECK(world.plan(wanted()) == Lines{"~ move p interface 0 (vif3.0) to xenbr0"});
    world.links.at("vif3.0").master = world.links.at("xenbr1").index;
    CHECK(world.plan(wanted()) == Lines{"~ move p interface 0 (vif3.0) to xenbr0"});
}

TEST_CASE("a guest whose nodes are lost is made anew if it is wanted, and else left alone") {
    World world;
    world.observed.guests[0].made_from = {};
    CHECK(world.plan(wanted()) ==
          Lines{"- destroy p, domain 3 (to be made anew: its nodes in XenStore are lost)",
                "+ start p"});
    auto without = wanted();
    without.guests.clear();
    CHECK(world.plan(without).empty());
}

TEST_CASE("interfaces of a guest that takes them while it runs come and go without it") {
    using Edit = void (*)(Guest&);
    const Interface more{.bridge = "xenbr1", .mac = *parse_mac("00:16:3e:00:00:09")};
    static Interface another;
    another = more;
    const std::pair<Edit, Lines> cases[] = {
        {[](Guest& guest) { guest.interfaces.push_back(another); },
         {"+ attach p interface 1 (vif3.1) to xenbr1"}},
        {[](Guest& guest) { guest.interfaces.clear(); }, {"- detach p interface 0 (vif3.0)"}},
        {[](Guest& guest) { guest.interfaces[0] = another; },
         {"- detach p interface 0 (vif3.0)", "+ attach p interface 0 (vif3.0) to xenbr1"}},
        {[](Guest& guest) { guest.interfaces.insert(guest.interfaces.begin(), another); },
         {"+ attach p interface 1 (vif3.1) to xenbr1"}},
        {[](Guest& guest) { guest.interfaces[0].bridge = "xenbr1"; },
         {"~ move p interface 0 (vif3.0) to xenbr1"}},
        {[](Guest& guest) {
             guest.interfaces.push_back(another);
             guest.arguments = "x=y";
         },
         {"- destroy p, domain 3 (to be made anew: it was started with ``)", "+ start p"}},
    };
    for (const auto& [edit, expected] : cases) {
        World world;
        world.observed.guests[0].takes_interfaces = true;
        auto configuration = wanted();
        edit(configuration.guests["p"]);
        CHECK(world.plan(configuration) == expected);
    }
}

TEST_CASE("a guest whose first interface went keeps the second under its number") {
    World world;
    world.links.at("vif3.0").name = "vif3.1";
    auto& running = world.observed.guests[0];
    running.made_from.vifs[0].index = 1;
    CHECK(world.plan(wanted()) == Lines{"- destroy p, domain 3 (to be made anew: interface 1 had " +
                                            to_string(generated_mac("p", 0)) + ")",
                                        "+ start p"});
    running.takes_interfaces = true;
    CHECK(world.plan(wanted()).empty());
}

TEST_CASE("a guest without autostart is not started") {
    World world;
    world.observed.guests.clear();
    auto configuration = wanted();
    configuration.guests["p"].autostart = false;
    CHECK(world.plan(configuration).empty());
}

}  // namespace stemma::toolstack
