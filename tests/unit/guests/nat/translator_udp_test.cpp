// RFC 4787, by its requirements.
#include "translator_rig.hpp"

namespace stemma::nat {

using namespace test;

TEST_CASE("4787 REQ-1: one mapping for all remotes, in both directions") {
    TranslatorRig rig;
    run_steps(
        rig,
        {{"a query goes out", Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53"), forward, "out",
          udp("10.0.0.1:4000", "10.0.0.53:53").ttl(63), Side::outside},
         {"its answer comes in", Side::outside, udp("10.0.0.53:53", "10.0.0.1:4000"), forward, "in",
          udp("10.0.0.53:53", "10.0.1.2:4000").ttl(63), Side::inside},
         {"another remote sees the same port", Side::inside, udp("10.0.1.2:4000", "192.0.2.9:99"),
          forward, "out", udp("10.0.0.1:4000", "192.0.2.9:99").ttl(63), Side::outside},
         {"no checksum stays none", Side::inside,
          udp("10.0.1.2:4000", "10.0.0.53:53").without_checksum(), forward, "out",
          udp("10.0.0.1:4000", "10.0.0.53:53").without_checksum().ttl(63), Side::outside},
         {"header options stay", Side::inside,
          udp("10.0.1.2:4000", "10.0.0.53:53").with_options({1, 1, 1, 0}), forward, "out",
          udp("10.0.0.1:4000", "10.0.0.53:53").with_options({1, 1, 1, 0}).ttl(63), Side::outside},
         {"an empty datagram", Side::inside, udp("10.0.1.2:4000", "10.0.0.53:53").with_payload(0),
          forward, "out", udp("10.0.0.1:4000", "10.0.0.53:53").with_payload(0).ttl(63),
          Side::outside}});
    CHECK(rig.table.mapping_count() == 1);
}

TEST_CASE("4787 REQ-3: no two endpoints share a port, and port classes are kept") {
    TranslatorRig rig;
    const auto port_of = [&](const char* from) {
        const auto result = rig.out(udp(from, "10.0.0.53:53"));
        REQUIRE(result.verdict.action == forward);
        return net::load_be16(&result.packet[20]);
    };
    CHECK(port_of("10.0.1.2:4000") == 4000);
    const auto other = port_of("10.0.1.3:4000");
    CHECK(other != 4000);
    CHECK(other >= 1024);
    CHECK(port_of("10.0.1.3:4000") == other);
    CHECK(port_of("10.0.1.2:500") == 500);
    const auto low = port_of("10.0.1.3:500");
    CHECK(low != 500);
    CHECK(low < 1024);
}

TEST_CASE("4787 REQ-5: a mapping lives five minutes after the last packet out") {
    TranslatorRig rig;
    rig.out(udp("10.0.1.2:4000", "10.0.0.53:53"));
    rig.pass(299);
    CHECK(rig.in(udp("10.0.0.53:53", "10.0.0.1:4000")).verdict.action == forward);
    rig.pass(2);
    CHECK(rig.in(udp("10.0.0.53:53", "10.0.0.1:4000")).counted == "dropped-unsolicited");
}

TEST_CASE("4787 REQ-6: what goes out keeps a mapping alive, what comes in does not") {
    TranslatorRig rig;
    rig.out(udp("10.0.1.2:4000", "10.0.0.53:53"));
    rig.pass(200);
    rig.out(udp("10.0.1.2:4000", "10.0.0.53:53"));
    for (int i = 0; i < 299; ++i) {
        rig.pass(1);
        REQUIRE(rig.in(udp("10.0.0.53:53", "10.0.0.1:4000")).verdict.action == forward);
    }
    rig.pass(2);
    CHECK(rig.in(udp("10.0.0.53:53", "10.0.0.1:4000")).verdict.action == dropped);
}

TEST_CASE("4787 REQ-7: networks that overlap are translated between") {
    TranslatorRig rig({}, {.inside = *net::parse_interface("10.0.0.1/24"),
                           .outside = *net::parse_interface("10.0.0.2/24"),
                           .inside_mtu = 1500,
                           .outside_mtu = 1500});
    run_steps(rig, {{"to the outside host of an inside number", Side::inside,
                     udp("10.0.0.7:4000", "10.0.0.53:53"), forward, "out",
                     udp("10.0.0.2:4000", "10.0.0.53:53").ttl(63), Side::outside},
                    {"its answer", Side::outside, udp("10.0.0.53:53", "10.0.0.2:4000"), forward,
                     "in", udp("10.0.0.53:53", "10.0.0.7:4000").ttl(63), Side::inside}});
}

TEST_CASE("4787 REQ-8: each filtering lets in what it should") {
    struct Case {
        Filtering filtering;
        bool same_address;
        bool stranger;
    };
    for (const auto& c : {Case{Filtering::endpoint_independent, true, true},
                          Case{Filtering::address_dependent, true, false},
                          Case{Filtering::address_and_port_dependent, false, false}}) {
        CAPTURE(static_cast<int>(c.filtering));
        TranslatorRig rig(TranslatorRig::filtered(c.filtering));
        const auto passes = [&](const char* from) {
            const auto result = rig.in(udp(from, "10.0.0.1:4000"));
            CHECK((result.counted == "in" || result.counted == "dropped-filtered"));
            return result.verdict.action == forward;
        };
        rig.out(udp("10.0.1.2:4000", "10.0.0.53:53"));
        CHECK(passes("10.0.0.53:53"));
        CHECK(passes("10.0.0.53:54") == c.same_address);
        CHECK(passes("10.0.0.54:53") == c.stranger);
        rig.out(udp("10.0.1.2:4000", "10.0.0.54:53"));
        CHECK(passes("10.0.0.54:53"));
        // and nobody to a port that nobody inside has
        CHECK(rig.in(udp("10.0.0.53:53", "10.0.0.1:4001")).counted == "dropped-unsolicited");
        CHECK(rig.table.is_consistent());
    }
}

TEST_CASE("4787 REQ-9: hairpinned packets come from the outside address and port") {
    TranslatorRig rig(TranslatorRig::filtered(Filtering::address_dependent));
    run_steps(
        rig,
        {{"nobody there yet", Side::inside, udp("10.0.1.2:4000", "10.0.0.1:5000"), dropped,
          "dropped-unsolicited"},
         {"the second host opens its port", Side::inside, udp("10.0.1.3:5000", "10.0.0.1:5000"),
          dropped, "dropped-unsolicited"},
         {"by sending anywhere", Side::inside, udp("10.0.1.3:5000", "192.0.2.1:1"), forward, "out",
          udp("10.0.0.1:5000", "192.0.2.1:1").ttl(63), Side::outside},
         {"the first is filtered", Side::inside, udp("10.0.1.2:4000", "10.0.0.1:5000"), dropped,
          "dropped-filtered"},
         {"the second sends to the first", Side::inside, udp("10.0.1.3:5000", "10.0.0.1:4000"),
          forward, "hairpinned", udp("10.0.0.1:5000", "10.0.1.2:4000").ttl(63), Side::inside},
         {"and now the first to the second", Side::inside, udp("10.0.1.2:4000", "10.0.0.1:5000"),
          forward, "hairpinned", udp("10.0.0.1:4000", "10.0.1.3:5000").ttl(63), Side::inside}});
}

TEST_CASE("4787 REQ-12: an ICMP error ends no mapping") {
    TranslatorRig rig;
    const auto sent = rig.out(udp("10.0.1.2:4000", "10.0.0.53:53"));
    for (const auto code : std::initializer_list<std::uint8_t>{0, 1, 3, 13})
        rig.in(icmp_error("10.0.0.53", "10.0.0.1", 3, code, sent.packet));
    CHECK(rig.in(udp("10.0.0.53:53", "10.0.0.1:4000")).verdict.action == forward);
}

TEST_CASE("4787 REQ-13: too big with DF is answered, without it goes on to be fragmented") {
    auto addresses = TranslatorRig::default_addresses();
    addresses.outside_mtu = 1000;
    TranslatorRig rig({}, addresses);
    const auto big = udp("10.0.1.2:4000", "10.0.0.53:53").with_payload(1200);
    const auto refused = rig.out(big.dont_fragment());
    CHECK(refused.verdict.action == answered);
    CHECK(refused.verdict.icmp_type == 3);
    CHECK(refused.verdict.icmp_code == 4);
    CHECK(refused.verdict.next_hop_mtu == 1000);
    CHECK(refused.counted == "dropped-too-big");
    CHECK(rig.table.mapping_count() == 0);
    // all inside hosts share an address now: RFC 6864 wants identifications that differ
    CHECK(rig.out(big).packet == udp("10.0.0.1:4000", "10.0.0.53:53")
                                     .with_payload(1200)
                                     .identification(0x7777)
                                     .ttl(63)
                                     .bytes());
    CHECK(rig.out(big.with_options({1, 1, 1, 0})).counted == "dropped-too-big");
}

TEST_CASE("The time to live runs out before anything else happens") {
    TranslatorRig rig;
    for (const auto ttl : std::initializer_list<std::uint8_t>{0, 1}) {
        const auto result = rig.out(udp("10.0.1.2:4000", "10.0.0.53:53").ttl(ttl));
        CHECK(result.verdict.action == answered);
        CHECK(result.verdict.icmp_type == 11);
        CHECK(result.verdict.icmp_code == 0);
        CHECK(result.counted == "dropped-ttl");
    }
    CHECK(rig.table.mapping_count() == 0);
    rig.out(udp("10.0.1.2:4000", "10.0.0.53:53"));
    CHECK(rig.in(udp("10.0.0.53:53", "10.0.0.1:4000").ttl(1)).verdict.action == answered);
    // a stranger is not told that there is somebody
    CHECK(rig.in(udp("10.0.0.54:53", "10.0.0.1:4000").ttl(1)).verdict.action == dropped);
}

TEST_CASE("At capacity a new flow is refused by ICMP 3/13 and the others go on") {
    FlowTableOptions options;
    options.limits = {.mappings = 2, .sessions = 4, .mappings_per_host = 1, .sessions_per_host = 4};
    TranslatorRig rig(options);
    rig.out(udp("10.0.1.2:4000", "10.0.0.53:53"));
    const auto limited = rig.out(udp("10.0.1.2:4001", "10.0.0.53:53"));
    CHECK(limited.counted == "dropped-host-limit");
    rig.out(udp("10.0.1.3:4000", "10.0.0.53:53"));
    const auto full = rig.out(udp("10.0.1.4:4000", "10.0.0.53:53"));
    CHECK(full.counted == "dropped-table-full");
    for (const auto& result : {limited, full}) {
        CHECK(result.verdict.action == answered);
        CHECK(result.verdict.icmp_type == 3);
        CHECK(result.verdict.icmp_code == 13);
    }
    CHECK(rig.in(udp("10.0.0.53:53", "10.0.0.1:4000")).verdict.action == forward);
}

}  // namespace stemma::nat
