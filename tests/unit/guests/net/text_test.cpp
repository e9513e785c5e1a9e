#include "net/text.hpp"

#include <catch2/catch.hpp>

using namespace stemma::net;

TEST_CASE("addresses read back as they were printed") {
    CHECK(to_text(Ipv4Address{0x0a000002}).view() == "10.0.0.2");
    CHECK(to_text(Ipv4Address{0xffffffff}).view() == "255.255.255.255");
    CHECK(to_text(Ipv4Interface{{0xffffffff}, 32}).view() == "255.255.255.255/32");
    CHECK(to_text(Ipv4Endpoint{{0xffffffff}, 65535}).view() == "255.255.255.255:65535");
    CHECK(to_text(MacAddress{{2, 0x16, 0x3e, 0, 0xab, 1}}).view() == "02:16:3e:00:ab:01");

    CHECK(parse_ipv4("10.0.0.2") == Ipv4Address{0x0a000002});
    CHECK(parse_interface("10.0.0.2/24") == Ipv4Interface{{0x0a000002}, 24});
    CHECK(parse_interface("10.0.0.2/0") == Ipv4Interface{{0x0a000002}, 0});
    CHECK(parse_interface("10.0.0.2") == Ipv4Interface{{0x0a000002}, 32});
    CHECK(parse_endpoint("10.0.0.2:7") == Ipv4Endpoint{{0x0a000002}, 7});
    CHECK(parse_mac("02:16:3E:00:ab:01") == MacAddress{{2, 0x16, 0x3e, 0, 0xab, 1}});
    CHECK(parse_vif_address("vif1,10.0.0.2/24") == VifAddress{1, {{0x0a000002}, 24}});
}

TEST_CASE("text that is almost an address is refused") {
    for (const char* text : {"", "10", "10.0.0", "10.0.0.", ".10.0.0.2", "10.0.0.2.", "10.0.0.256",
                             "10.0.0.02", "10.0.0.-2", "10.0.0.+2", "10.0.0. 2", "10.0.0.2 ",
                             "0x0a.0.0.2", "10.0.0.1.2", "10..0.1"}) {
        INFO(text);
        CHECK(!parse_ipv4(text));
        CHECK(!parse_interface(text));
    }
    for (const char* text : {"10.0.0.2/", "10.0.0.2/33", "10.0.0.2/-1", "10.0.0.2/024", "/24"}) {
        INFO(text);
        CHECK(!parse_interface(text));
    }
    for (const char* text : {"10.0.0.2", "10.0.0.2:", "10.0.0.2:65536", ":7", "10.0.0.2:7:7"}) {
        INFO(text);
        CHECK(!parse_endpoint(text));
    }
    for (const char* text : {"", "02:16:3e:00:ab", "02:16:3e:00:ab:1", "02:16:3e:00:ab:0g",
                             "02-16-3e-00-ab-01", "02:16:3e:00:ab:01:", "02:16:3e:00:ab:011"}) {
        INFO(text);
        CHECK(!parse_mac(text));
    }
    for (const char* text : {"vif,10.0.0.2/24", "vif0", "eth0,10.0.0.2/24", "vif0,10.0.0/24",
                             "vif00,10.0.0.2/24", "vif256,10.0.0.2/24"}) {
        INFO(text);
        CHECK(!parse_vif_address(text));
    }
    for (const char* text : {"", "-1", "1a", "11", "01"})
        CHECK(!parse_number(text, 10));
    CHECK(parse_number("10", 10) == 10U);
}
