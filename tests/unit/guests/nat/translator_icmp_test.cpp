// RFC 5508, by its requirements.
#include "translator_rig.hpp"

namespace stemma::nat {

using namespace test;

TEST_CASE("5508 REQ-1: queries keep their identifier and their answers come back") {
    TranslatorRig rig;
    run_steps(
        rig, {{"echo request", Side::inside, ping("10.0.1.2:77", "10.0.0.53"), forward, "out",
               ping("10.0.0.1:77", "10.0.0.53").ttl(63), Side::outside},
              {"echo reply", Side::outside, pong("10.0.0.53:77", "10.0.0.1"), forward, "in",
               pong("10.0.0.53:77", "10.0.1.2").ttl(63), Side::inside},
              {"the same identifier to another", Side::inside, ping("10.0.1.2:77", "192.0.2.1"),
               forward, "out", ping("10.0.0.1:77", "192.0.2.1").ttl(63), Side::outside},
              {"a reply nobody asked for", Side::outside, pong("10.0.0.53:78", "10.0.0.1"), dropped,
               "dropped-unsolicited"},
              {"a reply from a stranger", Side::outside, pong("10.0.0.99:77", "10.0.0.1"), dropped,
               "dropped-filtered"},
              {"a reply from inside", Side::inside, pong("10.0.1.2:77", "10.0.0.53"), dropped,
               "dropped-protocol"}});
    // another host with the same identifier gets its own
    const auto second = rig.out(ping("10.0.1.3:77", "10.0.0.53"));
    const auto identifier = net::load_be16(&second.packet[24]);
    CHECK(identifier != 77);
    CHECK(checksums_are_good(second.packet));
    PacketBuilder reply = pong("10.0.0.53:1", "10.0.0.1");
    reply.source.port = identifier;
    CHECK(rig.in(reply).packet == pong("10.0.0.53:77", "10.0.1.3").ttl(63).bytes());
}

TEST_CASE("Timestamps are queries too") {
    TranslatorRig rig;
    auto query = ping("10.0.1.2:5", "10.0.0.53");
    query.icmp_type = 13;
    auto reply = pong("10.0.0.53:5", "10.0.0.1");
    reply.icmp_type = 14;
    CHECK(rig.out(query).counted == "out");
    CHECK(rig.in(reply).counted == "in");
    CHECK(rig.in(query).counted == "dropped-martian");
}

TEST_CASE("5508 REQ-2: a query's mapping lives sixty seconds at least") {
    TranslatorRig rig;
    rig.out(ping("10.0.1.2:77", "10.0.0.53"));
    rig.pass(60);
    CHECK(rig.in(pong("10.0.0.53:77", "10.0.0.1")).verdict.action == forward);
    rig.pass(1);
    CHECK(rig.in(pong("10.0.0.53:77", "10.0.0.1")).verdict.action == dropped);
}

TEST_CASE("The translator's own addresses are pinged, not what is behind them") {
    TranslatorRig rig;
    run_steps(rig, {{"inside, its address there", Side::inside, ping("10.0.1.2:7", "10.0.1.1"),
                     local, "local"},
                    {"inside, the shared address", Side::inside, ping("10.0.1.2:7", "10.0.0.1"),
                     local, "local"},
                    {"outside, the shared address", Side::outside, ping("10.0.0.53:7", "10.0.0.1"),
                     local, "local"},
                    {"outside, the inside address", Side::outside, ping("10.0.0.53:7", "10.0.1.1"),
                     dropped, "dropped-martian"}});
    rig.out(ping("10.0.1.2:77", "10.0.0.53"));
    // an echo request of a mapped identifier is still for the translator
    CHECK(rig.in(ping("10.0.0.53:77", "10.0.0.1")).verdict.action == local);
}

TEST_CASE("5508 REQ-4: an error from outside is about what its receiver sent") {
    struct Case {
        const char* what;
        Bytes sent;
        Bytes original;  // as the error shows it inside
        std::size_t shown;
    };
    const auto about_udp = udp("10.0.1.2:4000", "10.0.0.53:53");
    const auto about_tcp = tcp("10.0.1.2:4000", "10.0.0.53:80", syn);
    const auto about_ping = ping("10.0.1.2:77", "10.0.0.53");
    const auto options =
        udp("10.0.1.2:4000", "10.0.0.53:53").with_options({1, 1, 1, 1, 1, 1, 1, 0});
    const Case cases[] = {
        {"UDP, 8 bytes of it", about_udp, about_udp.ttl(63), 28},
        {"UDP, all of it", about_udp, about_udp.ttl(63), 1000},
        {"UDP without checksum", about_udp.without_checksum(), about_udp.without_checksum().ttl(63),
         28},
        {"TCP, 8 bytes: its checksum is not there", about_tcp, about_tcp.ttl(63), 28},
        {"TCP, with its checksum", about_tcp, about_tcp.ttl(63), 40},
        {"an echo request", about_ping, about_ping.ttl(63), 28},
        {"header options", options, options.ttl(63), 36},
    };
    for (const auto& c : cases) {
        CAPTURE(c.what);
        TranslatorRig rig;
        const auto sent = rig.out(c.sent);
        REQUIRE(sent.counted == "out");
        // from a router on the way, about the packet as it left
        const auto result =
            rig.in(icmp_error("172.16.0.1", "10.0.0.1", 11, 0, sent.packet, c.shown));
        CHECK(result.counted == "errors-in");
        CHECK(result.packet ==
              icmp_error("172.16.0.1", "10.0.1.2", 11, 0, c.original, c.shown).ttl(63).bytes());
        CHECK(checksums_are_good(result.packet));
    }
}

TEST_CASE("5508 REQ-5: an error from inside comes from the outside address") {
    TranslatorRig rig;
    REQUIRE(rig.table.adopt({.inside = {endpoint("10.0.1.2").address, 9, Protocol::udp},
                             .outside_port = 900,
                             .is_static = true,
                             .remote = {},
                             .state = {},
                             .deadline = 0},
                            0));
    const auto arrived = rig.in(udp("192.0.2.1:5000", "10.0.0.1:900"));
    REQUIRE(arrived.counted == "in");
    const auto sent = udp("192.0.2.1:5000", "10.0.0.1:900").ttl(63).bytes();
    // by the host itself, and by a router inside
    for (const char* from : {"10.0.1.2", "10.0.1.77"}) {
        const auto result = rig.out(icmp_error(from, "192.0.2.1", 3, 3, arrived.packet));
        CHECK(result.counted == "errors-out");
        CHECK(result.packet == icmp_error("10.0.0.1", "192.0.2.1", 3, 3, sent).ttl(63).bytes());
        CHECK(checksums_are_good(result.packet));
    }
}

TEST_CASE("5508 REQ-3: an error with a bad checksum, or about what nobody sent, is dropped") {
    TranslatorRig rig;
    const auto sent = rig.out(udp("10.0.1.2:4000", "10.0.0.53:53")).packet;
    const auto good = icmp_error("10.0.0.53", "10.0.0.1", 3, 1, sent);
    const auto with = [&](std::size_t at, std::uint8_t mask, bool repair) {
        Bytes bytes = good;
        bytes[at] ^= mask;
        if (repair) {
            net::store_be16(&bytes[22], 0);
            net::store_be16(&bytes[22], net::checksum(std::span(bytes).subspan(20)));
        }
        return bytes;
    };
    const auto other = [&](const PacketBuilder& about) {
        return icmp_error("10.0.0.53", "10.0.0.1", 3, 1, about).bytes();
    };
    auto fragment = udp("10.0.0.1:4000", "10.0.0.53:53");
    fragment.header.fragment_offset = 8;
    auto inner_error = icmp_error("10.0.0.1", "10.0.0.53", 3, 1, sent);
    run_steps(
        rig,
        {{"as it should be", Side::outside, good, forward, "errors-in"},
         {"ICMP checksum", Side::outside, with(30, 1, false), dropped, "dropped-malformed"},
         {"embedded header's checksum", Side::outside, with(30, 1, true), dropped,
          "dropped-stray-error"},
         {"embedded version", Side::outside, with(28, 0x20, true), dropped, "dropped-stray-error"},
         {"embedded header length", Side::outside, with(28, 0x08, true), dropped,
          "dropped-stray-error"},
         {"too little embedded", Side::outside, icmp_error("10.0.0.53", "10.0.0.1", 3, 1, sent, 27),
          dropped, "dropped-stray-error"},
         {"another source port", Side::outside, other(udp("10.0.0.1:4001", "10.0.0.53:53")),
          dropped, "dropped-stray-error"},
         {"another source", Side::outside, other(udp("10.0.0.9:4000", "10.0.0.53:53")), dropped,
          "dropped-stray-error"},
         {"never sent there", Side::outside, other(udp("10.0.0.1:4000", "10.0.0.99:53")), dropped,
          "dropped-stray-error"},
         {"a later fragment", Side::outside, other(fragment), dropped, "dropped-stray-error"},
         {"about an error", Side::outside, other(inner_error), dropped, "dropped-stray-error"},
         {"about another protocol", Side::outside, other(ip(47, "10.0.0.1", "10.0.0.53")), dropped,
          "dropped-stray-error"},
         {"a redirect", Side::outside, icmp_error("10.0.0.53", "10.0.0.1", 5, 1, sent), dropped,
          "dropped-protocol"},
         {"a source quench", Side::outside, icmp_error("10.0.0.53", "10.0.0.1", 4, 0, sent),
          dropped, "dropped-protocol"},
         {"from inside, about nothing", Side::inside,
          icmp_error("10.0.1.2", "10.0.0.53", 3, 3, udp("10.0.0.53:53", "10.0.1.2:4001")), dropped,
          "dropped-stray-error"},
         {"from inside, to another than its sender", Side::inside,
          icmp_error("10.0.1.2", "10.0.0.99", 3, 3, udp("10.0.0.53:53", "10.0.1.2:4000")), dropped,
          "dropped-stray-error"}});
}

TEST_CASE("5508 REQ-6: errors neither make, refresh nor end a session") {
    TranslatorRig rig;
    const auto sent = rig.out(udp("10.0.1.2:4000", "10.0.0.53:53")).packet;
    rig.pass(250);
    CHECK(rig.in(icmp_error("10.0.0.53", "10.0.0.1", 3, 1, sent)).counted == "errors-in");
    CHECK(rig.table.session_count() == 1);
    rig.pass(51);
    CHECK(rig.table.session_count() == 0);
}

TEST_CASE("5508 REQ-7: an error about a hairpinned packet comes back inside") {
    TranslatorRig rig(TranslatorRig::filtered(Filtering::endpoint_independent));
    rig.out(udp("10.0.1.3:5000", "192.0.2.1:1"));
    const auto sent = rig.out(udp("10.0.1.2:4000", "10.0.0.1:5000"));
    REQUIRE(sent.counted == "hairpinned");
    const auto result = rig.out(icmp_error("10.0.1.3", "10.0.0.1", 3, 3, sent.packet));
    CHECK(result.counted == "hairpinned");
    CHECK(result.verdict.to == Side::inside);
    // for the sender it is about his packet to the outside address
    CHECK(result.packet ==
          icmp_error("10.0.0.1", "10.0.1.2", 3, 3, udp("10.0.1.2:4000", "10.0.0.1:5000").ttl(63))
              .ttl(63)
              .bytes());
    CHECK(checksums_are_good(result.packet));
}

TEST_CASE("An error is never answered by an error") {
    TranslatorRig rig;
    const auto sent = rig.out(udp("10.0.1.2:4000", "10.0.0.53:53")).packet;
    const auto result = rig.in(icmp_error("10.0.0.53", "10.0.0.1", 3, 1, sent).ttl(1));
    CHECK(result.counted == "dropped-ttl");
    CHECK(result.verdict.action == dropped);
}

}  // namespace stemma::nat
