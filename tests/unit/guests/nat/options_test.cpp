#include "nat/options.hpp"

#include <catch2/catch.hpp>

namespace stemma::nat {

TEST_CASE("The NAT's words are read, and left-out ones have their defaults") {
    const auto least = parse_options("outside=vif0,10.0.0.1/24 inside=vif1,10.0.1.1/16", 2);
    REQUIRE(least);
    CHECK(least->outside == net::VifAddress{0, {{0x0a000001}, 24}});
    CHECK(least->inside == net::VifAddress{1, {{0x0a000101}, 16}});
    CHECK_FALSE(least->gateway);
    CHECK(least->mirror);
    CHECK(least->filtering == Filtering::address_dependent);
    CHECK(least->host_limit == 49152);

    const auto all = parse_options(
        "outside=vif0,10.0.0.1/24 inside=vif1,10.0.1.1/24 gateway=10.0.0.254 mirror=off "
        "filtering=endpoint-independent host-limit=100 mirror-age=250",
        2);
    REQUIRE(all);
    CHECK(all->gateway == net::Ipv4Address{0x0a0000fe});
    CHECK_FALSE(all->mirror);
    CHECK(all->filtering == Filtering::endpoint_independent);
    CHECK(all->host_limit == 100);
    CHECK(all->mirror_age == rt::Duration::milliseconds(250));
}

TEST_CASE("A word that makes no sense is refused by name") {
    const std::string good = "outside=vif0,10.0.0.1/24 inside=vif1,10.0.1.1/24 ";
    const std::pair<std::string, std::string> cases[] = {
        {"", "outside="},
        {"outside=vif0,10.0.0.1/24", "inside="},
        {"outside=10.0.0.1/24 inside=vif1,10.0.1.1/24", "outside=10.0.0.1/24"},
        {"outside=vif2,10.0.0.1/24 inside=vif1,10.0.1.1/24", "no such vif"},
        {"outside=vif0,10.0.0.1/24 inside=vif0,10.0.1.1/24", "inside=vif0"},
        {"outside=vif0,10.0.0.1/24 inside=vif1,10.0.0.1/24", "address of outside"},
        {"outside=vif0,10.0.0.0/24 inside=vif1,10.0.1.1/24", "names the network"},
        {"outside=vif0,10.0.0.255/24 inside=vif1,10.0.1.1/24", "names the network"},
        {"outside=vif0,127.0.0.1/24 inside=vif1,10.0.1.1/24", "no host"},
        {"outside=vif0,224.0.0.1/24 inside=vif1,10.0.1.1/24", "no host"},
        {good + "gateway=10.0.2.1", "gateway=10.0.2.1"},
        {good + "gateway=10.0.0.1", "gateway=10.0.0.1"},
        {good + "gateway=x", "gateway=x"},
        {good + "filtering=none", "filtering=none"},
        {good + "host-limit=0", "host-limit=0"},
        {good + "host-limit=65537", "host-limit=65537"},
        {good + "mirror=maybe", "mirror=maybe"},
        {good + "mirror-age=-1", "mirror-age=-1"},
        {good + "colour=blue", "colour"},
        {good + "inside=vif1,10.0.1.1/24", "twice"},
    };
    for (const auto& [text, named] : cases) {
        CAPTURE(text);
        const auto options = parse_options(text, 2);
        REQUIRE_FALSE(options);
        CHECK_THAT(options.error(), Catch::Contains(named));
    }
}

}  // namespace stemma::nat
