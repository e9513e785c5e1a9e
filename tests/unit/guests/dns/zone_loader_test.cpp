#include "dns/zone_loader.hpp"

#include "zone_fixture.hpp"

using namespace stemma;
using namespace stemma::dns_test;

TEST_CASE("where a zone's text is cut makes no difference") {
    const std::string text =
        "$TTL 1h ; comment\n@ SOA ns ( hostmaster\n 1 2 3 ; )\n 4 5 )\n  NS ns\n"
        "ns A 10.0.0.1\n$ORIGIN sub\na TXT \"x ; y\" \"\\\"(\"\n A 10.0.0.2\n";
    const auto whole = try_zone(text);
    REQUIRE(whole);
    CHECK(whole->zone->record_count() == 5);
    for (std::size_t piece = 1; piece < text.size(); ++piece) {
        CAPTURE(piece);
        const auto cut = try_zone(text, "example.org.", piece);
        REQUIRE(cut);
        CHECK(cut->zone->record_count() == 5);
        CHECK(cut->zone->names().size() == whole->zone->names().size());
    }
    const auto broken = try_zone(text + "x A 1.2.3\n", "example.org.", 7);
    CHECK(broken.error().text() == "line 10: not an IPv4 address: '1.2.3'");
}
