#include "dns/responder.hpp"

#include "example_zone.hpp"
#include "zone_fixture.hpp"

using namespace stemma;
using namespace stemma::dns_test;

namespace {
const std::string soa =
    "\nns example.org. 300 SOA ns1.example.org. hostmaster.example.org. 2026 7200 900 1209600 300";

struct Case {
    std::string_view name;
    unsigned type;
    std::string shown;
};
void check(Server& server, std::initializer_list<Case> cases) {
    for (const auto& [name, type, shown] : cases) {
        CAPTURE(name, type);
        CHECK(server.show(name, type) == shown);
    }
}
}  // namespace

TEST_CASE("RFC 1034 4.3.2: data that exists is answered with authority") {
    Server server(example_zone());
    check(server,
          {{"mail.example.org", type::a, "NOERROR aa\nan mail.example.org. 3600 A 10.0.0.2"},
           {"www.example.org", type::a,
            "NOERROR aa\nan www.example.org. 3600 A 10.0.0.3\nan www.example.org. 3600 A 10.0.0.4"},
           {"example.org", type::txt, "NOERROR aa\nan example.org. 3600 TXT \"v=spf1 -all\""},
           {"example.org", type::soa,
            "NOERROR aa\nan example.org. 3600 SOA ns1.example.org. hostmaster.example.org. 2026 "
            "7200 900 1209600 300"},
           {"7.0.example.org", type::ptr,
            "NOERROR aa\nan 7.0.example.org. 3600 PTR ns1.example.org."},
           {"ns1.example.org", type::aaaa,
            "NOERROR aa\nan ns1.example.org. 3600 AAAA fd000000000000000000000000000001"},
           {"new.example.org", 65280, "NOERROR aa\nan new.example.org. 3600 TYPE65280 010203"}});
}

TEST_CASE("addresses of names in the answer come with it") {
    Server server(example_zone());
    const std::string ns1 =
        "\nar ns1.example.org. 3600 A 10.0.0.1"
        "\nar ns1.example.org. 3600 AAAA fd000000000000000000000000000001";
    check(server, {{"example.org", type::ns,
                    "NOERROR aa\nan example.org. 3600 NS ns1.example.org."
                    "\nan example.org. 3600 NS ns.other.net." +
                        ns1},
                   {"example.org", type::mx,
                    "NOERROR aa\nan example.org. 3600 MX 10 mail.example.org."
                    "\nar mail.example.org. 3600 A 10.0.0.2"},
                   {"_dns._udp.example.org", type::srv,
                    "NOERROR aa\nan _dns._udp.example.org. 3600 SRV 0 5 53 ns1.example.org." + ns1},
                   // a target that a wildcard makes
                   {"_wild._udp.example.org", type::srv,
                    "NOERROR aa\nan _wild._udp.example.org. 3600 SRV 0 5 53 any.wild.example.org."
                    "\nar any.wild.example.org. 3600 A 10.0.0.6"},
                   // neither glue, which is another zone's to give, nor aliases (RFC 2181 10.3)
                   {"mx2.example.org", type::mx,
                    "NOERROR aa\nan mx2.example.org. 3600 MX 10 ns.sub.example.org."
                    "\nan mx2.example.org. 3600 MX 20 alias.example.org."}});
}

TEST_CASE("RFC 2308: what does not exist is denied with the SOA, its TTL the lower of two") {
    Server server(example_zone());
    check(server, {{"nothere.example.org", type::a, "NXDOMAIN aa" + soa},
                   {"a.b.c.nothere.example.org", type::a, "NXDOMAIN aa" + soa},
                   {"below.www.example.org", type::a, "NXDOMAIN aa" + soa},
                   {"www.example.org", type::mx, "NOERROR aa" + soa},
                   {"www.example.org", 1000, "NOERROR aa" + soa},
                   {"example.org", type::ds, "NOERROR aa" + soa}});
}

TEST_CASE("RFC 8020: an empty non-terminal exists, it just has nothing") {
    Server server(example_zone());
    check(server, {{"ent.example.org", type::a, "NOERROR aa" + soa},
                   {"_udp.example.org", type::any, "NOERROR aa" + soa},
                   {"b.ent.example.org", type::a, "NXDOMAIN aa" + soa},
                   {"wild.example.org", type::a, "NOERROR aa" + soa}});
}

TEST_CASE("RFC 1034 3.6.2: CNAMEs are followed within the zone") {
    Server server(example_zone());
    const std::string www =
        "\nan www.example.org. 3600 A 10.0.0.3\nan www.example.org. 3600 A 10.0.0.4";
    // The zone's own spelling where the question does not have the name.
    const std::string Www =
        "\nan WwW.example.org. 3600 A 10.0.0.3\nan WwW.example.org. 3600 A 10.0.0.4";
    check(server, {{"alias.example.org", type::a,
                    "NOERROR aa\nan alias.example.org. 3600 CNAME WwW.example.org." + Www},
                   {"alias.example.org", type::cname,
                    "NOERROR aa\nan alias.example.org. 3600 CNAME WwW.example.org."},
                   {"chain1.example.org", type::a,
                    "NOERROR aa\nan chain1.example.org. 3600 CNAME chain2.example.org."
                    "\nan chain2.example.org. 3600 CNAME chain3.example.org."
                    "\nan chain3.example.org. 3600 CNAME WwW.example.org." +
                        Www},
                   {"far.example.org", type::a,
                    "NOERROR aa\nan far.example.org. 3600 CNAME host.example.com."},
                   {"alias.example.org", type::mx,
                    "NOERROR aa\nan alias.example.org. 3600 CNAME WwW.example.org." + soa},
                   // RFC 6604 3: the rcode is that of the chain's end
                   {"dangling.example.org", type::a,
                    "NXDOMAIN aa\nan dangling.example.org. 3600 CNAME nothere.example.org." + soa},
                   {"www.example.org", type::a, "NOERROR aa" + www}});
}

TEST_CASE("CNAME loops end") {
    Server server(example_zone());
    check(server, {{"self.example.org", type::a,
                    "NOERROR aa\nan self.example.org. 3600 CNAME self.example.org."},
                   {"loop2.example.org", type::a,
                    "NOERROR aa\nan loop2.example.org. 3600 CNAME loop1.example.org."
                    "\nan loop1.example.org. 3600 CNAME loop2.example.org."}});
    std::string text = "$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n";
    for (int i = 0; i < 100; ++i)
        text += "c" + std::to_string(i) + " CNAME c" + std::to_string(i + 1) + "\n";
    Server chain(text);
    const auto m = chain.ask("c0.example.org", type::a);
    CHECK(m.rcode == 0);
    CHECK(m.sections[0].size() == dns::Responder::cnames_max);
}

TEST_CASE("RFC 1034 4.2.1: below a delegation the answer is a referral, without authority") {
    Server server(example_zone());
    const std::string referral =
        "\nns sub.example.org. 3600 NS ns.sub.example.org."
        "\nns sub.example.org. 3600 NS ns1.example.org."
        "\nns sub.example.org. 3600 NS ns.peer.example.org."
        "\nar ns.sub.example.org. 3600 A 10.0.1.1"
        "\nar ns1.example.org. 3600 A 10.0.0.1"
        "\nar ns1.example.org. 3600 AAAA fd000000000000000000000000000001"
        "\nar ns.peer.example.org. 3600 A 10.0.2.1";
    check(server, {{"sub.example.org", type::ns, "NOERROR" + referral},
                   {"sub.example.org", type::a, "NOERROR" + referral},
                   {"sub.example.org", type::any, "NOERROR" + referral},
                   {"ns.sub.example.org", type::a, "NOERROR" + referral},
                   {"x.sub.example.org", type::txt, "NOERROR" + referral},
                   {"a.b.c.sub.example.org", type::a, "NOERROR" + referral},
                   // not to the zone cut below the cut
                   {"a.deep.sub.example.org", type::a, "NOERROR" + referral},
                   // the parent's side is asked for DS
                   {"sub.example.org", type::ds, "NOERROR aa" + soa},
                   {"x.sub.example.org", type::ds, "NOERROR" + referral},
                   // AA speaks of the first owner (RFC 1035 4.1.1)
                   {"tosub.example.org", type::a,
                    "NOERROR aa\nan tosub.example.org. 3600 CNAME x.sub.example.org." + referral}});
}

TEST_CASE("names outside the zone and classes other than IN are refused") {
    Server server(example_zone());
    check(server, {{"example.com", type::a, "REFUSED"},
                   {"org", type::a, "REFUSED"},
                   {".", type::ns, "REFUSED"},
                   {"notexample.org", type::a, "REFUSED"},
                   {"example.org.example.com", type::a, "REFUSED"}});
    CHECK(server.show("version.bind", type::txt, {.klass = 3}) == "REFUSED");
    CHECK(server.show("example.org", type::soa, {.klass = 4}) == "REFUSED");
    CHECK(server.show("mail.example.org", type::a, {.klass = 255}) ==
          "NOERROR\nan mail.example.org. 3600 A 10.0.0.2");
}

TEST_CASE("a name's case makes no difference, and the question comes back in its own") {
    Server server(example_zone());
    const auto m = server.ask("MaIl.ExAmPlE.oRg", type::a);
    CHECK(m.question == "MaIl.ExAmPlE.oRg.");
    REQUIRE(m.sections[0].size() == 1);
    CHECK(m.sections[0][0].owner == "MaIl.ExAmPlE.oRg.");
    CHECK(server.ask("NOTHERE.example.org", type::a).rcode == 3);
}

TEST_CASE("RFC 8482 4.1: ANY is answered with one RRset") {
    Server server(example_zone());
    check(server, {{"www.example.org", type::any,
                    "NOERROR aa\nan www.example.org. 3600 A 10.0.0.3"
                    "\nan www.example.org. 3600 A 10.0.0.4"},
                   {"alias.example.org", type::any,
                    "NOERROR aa\nan alias.example.org. 3600 CNAME WwW.example.org."},
                   {"nothere.example.org", type::any, "NXDOMAIN aa" + soa}});
    const auto apex = server.ask("example.org", type::any);
    for (const auto& record : apex.sections[0])
        CHECK(record.type == apex.sections[0][0].type);
}

TEST_CASE("types that are no questions for a zone are not implemented") {
    Server server(example_zone());
    for (const unsigned asked : {251U, 252U, 253U, 254U, 249U, 250U, 41U})
        CHECK(server.show("example.org", asked) == "NOTIMP");
}

TEST_CASE("without a zone everything fails, the form of a query is still judged") {
    Server server(example_zone());
    server.responder.serve(nullptr);
    CHECK(server.show("www.example.org", type::a) == "SERVFAIL");
    CHECK(server.show("www.example.org", type::a, {.edns = EdnsOptions{}}) == "SERVFAIL");
    CHECK(server.answer(Bytes(12, 0)).size() == 12);
}

TEST_CASE("the root zone is served") {
    Server server(
        "$TTL 60\n. SOA a. b. 1 2 3 4 5\n. NS a.\n. NS b.\na. A 1.2.3.4\norg. NS b.org.\n"
        "b.org. A 1.2.3.5\nx. MX 1 .\n",
        ".");
    CHECK(server.show(".", type::ns) ==
          "NOERROR aa\nan . 60 NS a.\nan . 60 NS b.\nar a. 60 A 1.2.3.4");
    CHECK(server.show("x", type::mx) == "NOERROR aa\nan x. 60 MX 1 .");
    CHECK(server.show("example.org", type::a) ==
          "NOERROR\nns org. 60 NS b.org.\nar b.org. 60 A 1.2.3.5");
    CHECK(server.show("com", type::a) == "NXDOMAIN aa\nns . 5 SOA a. b. 1 2 3 4 5");
}

TEST_CASE("errors are no longer than a header, and nothing is sent to responses") {
    Server server(example_zone());
    const Bytes good = make_query("www.example.org", type::a, {.flags = 0x0100});
    Bytes bad = good;
    bad[5] = 2;
    const Bytes reply = server.answer(bad);
    CHECK(reply == Bytes{0x12, 0x34, 0x81, 0x01, 0, 0, 0, 0, 0, 0, 0, 0});
    CHECK(server.answer(make_query("www.example.org", type::a, {.flags = 0x8000})).empty());
    CHECK(server.answer(Bytes(11, 0)).empty());
    CHECK(server.answer(make_query("a", 1, {.flags = 0x2800})) ==
          Bytes{0x12, 0x34, 0xa8, 0x04, 0, 0, 0, 0, 0, 0, 0, 0});
    // no room
    std::array<std::uint8_t, 11> small;
    CHECK(server.responder.answer(good, small) == 0);
    std::array<std::uint8_t, 20> question_does_not_fit;
    CHECK(server.responder.answer(good, question_does_not_fit) == 0);
}

TEST_CASE("every message is counted once") {
    Server server(example_zone());
    server.ask("www.example.org", type::a, {.edns = EdnsOptions{}});
    server.ask("alias.example.org", type::mx);
    server.ask("dangling.example.org", type::a);
    server.ask("self.example.org", type::a);
    server.ask("a.sub.example.org", type::a);
    server.ask("tosub.example.org", type::a);
    server.ask("example.com", type::a);
    server.ask("example.org", type::axfr);
    server.ask("example.org", type::a, {.edns = EdnsOptions{.version = 1}});
    server.answer(Bytes(12, 0));
    server.answer(Bytes(3, 0));
    const auto& c = server.responder.counters();
    CHECK(c.queries == 11);
    CHECK(c.answers == 2);
    CHECK(c.nodata == 1);
    CHECK(c.nxdomain == 1);
    CHECK(c.referrals == 2);
    CHECK(c.refused == 1);
    CHECK(c.failed == 2);
    CHECK(c.malformed == 1);
    CHECK(c.dropped == 1);
    CHECK(c.edns == 2);
    CHECK(c.truncated == 0);
}
