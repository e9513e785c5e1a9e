#include "toolstack/ipv4_interface.hpp"

#include <catch2/catch.hpp>

namespace stemma::toolstack {

TEST_CASE("an address is four decimal numbers without leading zeros") {
    CHECK(parse_ipv4("10.0.0.1") == 0x0a000001u);
    CHECK(parse_ipv4("255.255.255.255") == 0xffffffffu);
    for (const char* bad :
         {"", "10", "10.0.0", "10.0.0.1.2", "10.0.0.256", "10.0.0.01", "10.0.0.", ".0.0.1",
          "10.0.0.-1", "10.0.0.1 ", " 10.0.0.1", "10,0.0.1", "a.b.c.d"}) {
        INFO(bad);
        CHECK(!parse_ipv4(bad));
    }
}

TEST_CASE("every address and prefix reads back as written") {
    for (const char* text : {"0.0.0.0/0", "10.0.0.1/24", "192.168.255.254/31", "1.2.3.4/32"}) {
        const auto parsed = parse_ipv4_interface(text);
        REQUIRE(parsed);
        CHECK(to_string(*parsed) == text);
    }
    for (const char* bad : {"10.0.0.1", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/08", "10.0.0.1/-1",
                            "/24", "10.0.0.1/24x"}) {
        INFO(bad);
        CHECK(!parse_ipv4_interface(bad));
    }
}

TEST_CASE("network, mask and membership follow the prefix") {
    const Ipv4Interface interface { 0x0a000035, 24 };
    CHECK(interface.mask() == 0xffffff00);
    CHECK(interface.network() == 0x0a000000);
    CHECK(interface.contains(0x0a0000fe));
    CHECK(!interface.contains(0x0a000101));
    CHECK(Ipv4Interface{1, 0}.mask() == 0);
    CHECK(Ipv4Interface{1, 32}.mask() == 0xffffffff);
}

TEST_CASE("a host is neither its network, its broadcast address nor of a reserved class") {
    const std::pair<const char*, bool> cases[] = {
        {"10.0.0.1/24", true},   {"10.0.0.0/24", false}, {"10.0.0.255/24", false},
        {"10.0.0.0/31", true},   {"10.0.0.0/32", true},  {"127.0.0.1/8", false},
        {"224.0.0.1/24", false}, {"0.0.0.1/8", false},   {"255.255.255.255/32", false}};
    for (const auto& [text, expected] : cases) {
        INFO(text);
        CHECK(parse_ipv4_interface(text)->is_host() == expected);
    }
}

}  // namespace stemma::toolstack
