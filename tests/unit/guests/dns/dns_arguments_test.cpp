#include "dns/dns_arguments.hpp"

#include <catch2/catch.hpp>

using stemma::dns::DnsArguments;

TEST_CASE("the command line names interface and zone") {
    const auto read = DnsArguments::parse(
        "address=vif0,10.0.0.53/24 gateway=10.0.0.1 zone=/stemma/zones/example_2eorg");
    REQUIRE(read);
    CHECK(read->address.vif == 0);
    CHECK(read->address.interface.prefix_length == 24);
    CHECK(read->gateway->value == 0x0a000001);
    CHECK(read->zone == "/stemma/zones/example_2eorg");
    CHECK_FALSE(DnsArguments::parse("zone=/z address=vif1,10.0.0.53/24")->gateway);
}

TEST_CASE("arguments that make no sense are named") {
    struct Case {
        std::string text;
        std::string_view error;
    };
    for (const auto& [text, error] : {
             Case{"zone=/z", "argument \"address=vifN,ADDRESS/PREFIX\" is missing"},
             {"address=vif0,10.0.0.53/24", "argument \"zone=/stemma/zones/ZONE\" is missing"},
             {"address=10.0.0.53/24 zone=/z",
              "argument \"address=10.0.0.53/24\": not of the form vif0,10.0.0.53/24"},
             {"address=vif0,10.0.0.53/24 gateway=10.0.1.1 zone=/z",
              "argument \"gateway=10.0.1.1\": not on the interface's network"},
             {"address=vif0,10.0.0.53/24 gateway=x zone=/z",
              "argument \"gateway=x\": not an IPv4 address"},
             {"address=vif0,10.0.0.53/24 zone=example.org",
              "argument \"zone=example.org\": not an absolute store path"},
         }) {
        CAPTURE(text);
        const auto read = DnsArguments::parse(text);
        REQUIRE_FALSE(read);
        CHECK(read.error() == error);
    }
    CHECK_FALSE(DnsArguments::parse("address=vif0,10.0.0.53/24 zone=/z mirror=off"));
}
