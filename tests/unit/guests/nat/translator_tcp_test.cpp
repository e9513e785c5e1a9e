// RFC 5382 and RFC 7857, by their requirements.
#include "translator_rig.hpp"

namespace stemma::nat {

using namespace test;

namespace {

// 10.0.1.2:4000 has a connection to 10.0.0.53:80.
void connect(TranslatorRig& rig) {
    REQUIRE(rig.out(tcp("10.0.1.2:4000", "10.0.0.53:80", syn)).counted == "out");
    REQUIRE(rig.in(tcp("10.0.0.53:80", "10.0.0.1:4000", syn | ack)).counted == "in");
    REQUIRE(rig.out(tcp("10.0.1.2:4000", "10.0.0.53:80", ack)).counted == "out");
}

bool lives(TranslatorRig& rig) {
    return rig.table.find_outside(Protocol::tcp, 4000) != no_flow;
}

}  // namespace

TEST_CASE("5382 REQ-1: one mapping for all remotes") {
    TranslatorRig rig;
    run_steps(rig,
              {{"SYN", Side::inside, tcp("10.0.1.2:4000", "10.0.0.53:80", syn), forward, "out",
                tcp("10.0.0.1:4000", "10.0.0.53:80", syn).ttl(63), Side::outside},
               {"SYN-ACK", Side::outside, tcp("10.0.0.53:80", "10.0.0.1:4000", syn | ack), forward,
                "in", tcp("10.0.0.53:80", "10.0.1.2:4000", syn | ack).ttl(63), Side::inside},
               {"SYN to another", Side::inside, tcp("10.0.1.2:4000", "192.0.2.1:81", syn), forward,
                "out", tcp("10.0.0.1:4000", "192.0.2.1:81", syn).ttl(63), Side::outside}});
    CHECK(rig.table.mapping_count() == 1);
}

TEST_CASE("Only a SYN makes a mapping") {
    for (const int flags :
         {0, +ack, +fin, fin | ack, +rst, rst | ack, syn | ack, syn | rst, syn | fin}) {
        CAPTURE(flags);
        TranslatorRig rig;
        const auto result =
            rig.out(tcp("10.0.1.2:4000", "10.0.0.53:80", static_cast<std::uint8_t>(flags)));
        CHECK(result.counted == "dropped-no-syn");
        CHECK(result.verdict.action == dropped);
        CHECK(rig.table.mapping_count() == 0);
    }
}

TEST_CASE("A segment in mid-stream of a mapping is translated and opens nothing") {
    TranslatorRig rig(TranslatorRig::filtered(Filtering::address_and_port_dependent));
    connect(rig);
    const auto sessions = rig.table.session_count();
    CHECK(rig.out(tcp("10.0.1.2:4000", "192.0.2.9:80", ack)).packet ==
          tcp("10.0.0.1:4000", "192.0.2.9:80", ack).ttl(63).bytes());
    CHECK(rig.table.session_count() == sessions);
    CHECK(rig.in(tcp("192.0.2.9:80", "10.0.0.1:4000", ack)).counted == "dropped-filtered");
}

TEST_CASE("A stream whose mapping was restored goes on at once, whoever speaks first") {
    for (const bool inside_first : {true, false}) {
        TranslatorRig rig;
        REQUIRE(rig.table.adopt({.inside = {endpoint("10.0.1.2").address, 4000, Protocol::tcp},
                                 .outside_port = 40000,
                                 .is_static = false,
                                 .remote = endpoint("10.0.0.53:80"),
                                 .state = TcpState::established,
                                 .deadline = 7000},
                                0));
        const auto out = [&] {
            return rig.out(tcp("10.0.1.2:4000", "10.0.0.53:80", ack)).packet ==
                   tcp("10.0.0.1:40000", "10.0.0.53:80", ack).ttl(63).bytes();
        };
        const auto in = [&] {
            return rig.in(tcp("10.0.0.53:80", "10.0.0.1:40000", ack)).packet ==
                   tcp("10.0.0.53:80", "10.0.1.2:4000", ack).ttl(63).bytes();
        };
        CHECK((inside_first ? out() && in() : in() && out()));
        // a stranger does not get in by it, and another remote does once the inside host spoke
        CHECK(rig.in(tcp("10.0.0.54:80", "10.0.0.1:40000", ack)).counted == "dropped-filtered");
        CHECK(rig.out(tcp("10.0.1.2:4000", "10.0.0.54:80", ack)).counted == "out");
        CHECK(rig.in(tcp("10.0.0.54:80", "10.0.0.1:40000", ack)).counted == "in");
        // a RST goes out and opens nothing
        const auto sessions = rig.table.session_count();
        CHECK(rig.out(tcp("10.0.1.2:4000", "10.0.0.55:80", rst)).counted == "out");
        CHECK(rig.table.session_count() == sessions);
        rig.pass(7000);
        CHECK(rig.in(tcp("10.0.0.53:80", "10.0.0.1:40000", ack)).counted == "in");
    }
}

TEST_CASE("5382 REQ-2: simultaneous open, half-open and half-closed connections pass") {
    TranslatorRig rig;
    run_steps(
        rig,
        {{"SYN out", Side::inside, tcp("10.0.1.2:4000", "10.0.0.53:80", syn), forward, "out"},
         {"SYN in", Side::outside, tcp("10.0.0.53:80", "10.0.0.1:4000", syn), forward, "in"},
         {"SYN-ACK out", Side::inside, tcp("10.0.1.2:4000", "10.0.0.53:80", syn | ack), forward,
          "out"},
         {"SYN-ACK in", Side::outside, tcp("10.0.0.53:80", "10.0.0.1:4000", syn | ack), forward,
          "in"},
         {"FIN out", Side::inside, tcp("10.0.1.2:4000", "10.0.0.53:80", fin | ack), forward, "out"},
         {"data in", Side::outside, tcp("10.0.0.53:80", "10.0.0.1:4000", ack), forward, "in"},
         {"FIN in", Side::outside, tcp("10.0.0.53:80", "10.0.0.1:4000", fin | ack), forward, "in"},
         {"last ACK", Side::inside, tcp("10.0.1.2:4000", "10.0.0.53:80", ack), forward, "out"},
         {"the ports again", Side::inside, tcp("10.0.1.2:4000", "10.0.0.53:80", syn), forward,
          "out"}});
    CHECK(rig.table.mapping_count() == 1);
}

TEST_CASE("5382 REQ-3: each filtering lets connections in as it should") {
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
        connect(rig);
        const auto passes = [&](const char* from, std::uint8_t flags) {
            return rig.in(tcp(from, "10.0.0.1:4000", flags)).verdict.action == forward;
        };
        CHECK(passes("10.0.0.53:81", syn) == c.same_address);
        CHECK(passes("10.0.0.54:80", syn) == c.stranger);
        CHECK(passes("10.0.0.53:82", ack) == c.same_address);
        CHECK(passes("10.0.0.54:82", ack) == c.stranger);
        CHECK(rig.table.is_consistent());
    }
}

TEST_CASE("5382 REQ-4a: an unsolicited SYN gets no answer") {
    TranslatorRig rig;
    const auto result = rig.in(tcp("10.0.0.53:80", "10.0.0.1:4000", syn));
    CHECK(result.verdict.action == dropped);
    CHECK(result.counted == "dropped-unsolicited");
}

TEST_CASE(
    "5382 REQ-5: idle connections live 2 hours 4 minutes, opening and closed ones 4 minutes") {
    SECTION("established, idle") {
        TranslatorRig rig;
        connect(rig);
        rig.pass(7439);
        CHECK(lives(rig));
        rig.pass(2);
        CHECK_FALSE(lives(rig));
    }
    SECTION("established, refreshed from outside") {
        TranslatorRig rig;
        connect(rig);
        rig.pass(7000);
        rig.in(tcp("10.0.0.53:80", "10.0.0.1:4000", ack));
        rig.pass(7439);
        CHECK(lives(rig));
    }
    SECTION("opening") {
        TranslatorRig rig;
        rig.out(tcp("10.0.1.2:4000", "10.0.0.53:80", syn));
        rig.pass(239);
        CHECK(lives(rig));
        rig.pass(2);
        CHECK_FALSE(lives(rig));
    }
    SECTION("both sent FIN") {
        TranslatorRig rig;
        connect(rig);
        rig.out(tcp("10.0.1.2:4000", "10.0.0.53:80", fin | ack));
        rig.pass(1000);
        CHECK(lives(rig));
        rig.in(tcp("10.0.0.53:80", "10.0.0.1:4000", fin | ack));
        rig.pass(239);
        CHECK(lives(rig));
        rig.pass(2);
        CHECK_FALSE(lives(rig));
    }
    SECTION("RFC 7857 section 2.2: RST, and a forged one that traffic disproves") {
        TranslatorRig rig;
        connect(rig);
        rig.in(tcp("10.0.0.53:80", "10.0.0.1:4000", rst));
        rig.pass(200);
        rig.out(tcp("10.0.1.2:4000", "10.0.0.53:80", ack));
        rig.pass(1000);
        CHECK(lives(rig));
        rig.in(tcp("10.0.0.53:80", "10.0.0.1:4000", rst));
        rig.pass(241);
        CHECK_FALSE(lives(rig));
    }
}

TEST_CASE("5382 REQ-8: a connection to the outside address comes back inside") {
    TranslatorRig rig(TranslatorRig::filtered(Filtering::endpoint_independent));
    connect(rig);
    run_steps(
        rig,
        {{"SYN", Side::inside, tcp("10.0.1.3:6000", "10.0.0.1:4000", syn), forward, "hairpinned",
          tcp("10.0.0.1:6000", "10.0.1.2:4000", syn).ttl(63), Side::inside},
         {"SYN-ACK", Side::inside, tcp("10.0.1.2:4000", "10.0.0.1:6000", syn | ack), forward,
          "hairpinned", tcp("10.0.0.1:4000", "10.0.1.3:6000", syn | ack).ttl(63), Side::inside},
         {"ACK", Side::inside, tcp("10.0.1.3:6000", "10.0.0.1:4000", ack), forward, "hairpinned",
          tcp("10.0.0.1:6000", "10.0.1.2:4000", ack).ttl(63), Side::inside}});
}

TEST_CASE("5382 REQ-10: an ICMP error ends no connection") {
    TranslatorRig rig;
    connect(rig);
    const auto sent = rig.out(tcp("10.0.1.2:4000", "10.0.0.53:80", ack));
    for (const auto code : std::initializer_list<std::uint8_t>{0, 1, 2, 3, 13})
        CHECK(rig.in(icmp_error("10.0.0.53", "10.0.0.1", 3, code, sent.packet)).counted ==
              "errors-in");
    rig.pass(7000);
    CHECK(lives(rig));
}

TEST_CASE("A static mapping lets connections in and its host answer") {
    TranslatorRig rig(TranslatorRig::filtered(Filtering::address_and_port_dependent));
    REQUIRE(rig.table.adopt({.inside = {endpoint("10.0.1.2").address, 80, Protocol::tcp},
                             .outside_port = 8080,
                             .is_static = true,
                             .remote = {},
                             .state = {},
                             .deadline = 0},
                            0));
    run_steps(rig,
              {{"SYN", Side::outside, tcp("192.0.2.1:5000", "10.0.0.1:8080", syn), forward, "in",
                tcp("192.0.2.1:5000", "10.0.1.2:80", syn).ttl(63), Side::inside},
               {"SYN-ACK", Side::inside, tcp("10.0.1.2:80", "192.0.2.1:5000", syn | ack), forward,
                "out", tcp("10.0.0.1:8080", "192.0.2.1:5000", syn | ack).ttl(63), Side::outside},
               {"ACK", Side::outside, tcp("192.0.2.1:5000", "10.0.0.1:8080", ack), forward, "in",
                tcp("192.0.2.1:5000", "10.0.1.2:80", ack).ttl(63), Side::inside}});
    rig.pass(8000);
    CHECK(rig.in(tcp("192.0.2.7:5000", "10.0.0.1:8080", syn)).verdict.action == forward);
}

}  // namespace stemma::nat
