// Mistakes that SCALE (NSDI 2022) found in ten servers with its generated zones; each case is one
// of them, in our words, on a zone as small as theirs. DNAME is not here: such zones are refused.

#include "dns/responder.hpp"
#include "zone_fixture.hpp"

using namespace stemma;
using namespace stemma::dns_test;

namespace {
Server serve(const std::string& records) {
    return Server("$TTL 1\n@ SOA a.x. b.x. 1 2 3 4 5\n@ NS ns.x.\n" + records);
}
const std::string soa = "\nns example.org. 1 SOA a.x. b.x. 1 2 3 4 5";
}  // namespace

TEST_CASE("ferret: a zone with DNAME is refused, not served wrongly") {
    const auto zone = try_zone("$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\nd TYPE39 \\# 3 016100\n");
    REQUIRE_FALSE(zone);
    CHECK(zone.error().line == 4);
}
TEST_CASE("ferret: an asterisk in data changes no rcode") {
    Server server = serve("a CNAME *.b\nm MX 1 *\n");
    CHECK(server.show("a.example.org", type::a) ==
          "NXDOMAIN aa\nan a.example.org. 1 CNAME *.b.example.org." + soa);
    CHECK(server.show("q.example.org", type::a) == "NXDOMAIN aa" + soa);
}
TEST_CASE("ferret: a CNAME to a wildcard's own name reaches it") {
    Server server = serve("a CNAME *.b\n*.b A 1.2.3.4\n");
    CHECK(server.show("a.example.org", type::a) ==
          "NOERROR aa\nan a.example.org. 1 CNAME *.b.example.org."
          "\nan *.b.example.org. 1 A 1.2.3.4");
}
TEST_CASE("ferret: NS records below a delegation are not used") {
    Server server = serve("sub NS ns.y.\ndeep.sub NS ns.z.\n");
    CHECK(server.show("a.deep.sub.example.org", type::a) ==
          "NOERROR\nns sub.example.org. 1 NS ns.y.");
    CHECK(server.show("deep.sub.example.org", type::ns) ==
          "NOERROR\nns sub.example.org. 1 NS ns.y.");
}
TEST_CASE("ferret: glue of a sibling delegation is given") {
    Server server = serve("one NS ns.two\ntwo NS ns.one\nns.one A 1.1.1.1\nns.two A 2.2.2.2\n");
    CHECK(server.show("a.one.example.org", type::a) ==
          "NOERROR\nns one.example.org. 1 NS ns.two.example.org."
          "\nar ns.two.example.org. 1 A 2.2.2.2");
}
TEST_CASE("ferret: AA is clear at a zone cut, whatever is asked") {
    Server server = serve("sub NS ns.sub\nsub A 1.1.1.1\nns.sub A 1.2.3.4\n");
    for (const unsigned asked : {type::a, type::ns, type::soa, type::txt, type::any, type::cname}) {
        CAPTURE(asked);
        const auto m = server.ask("sub.example.org", asked);
        CHECK_FALSE(m.authoritative());
        CHECK(m.sections[0].empty());
        CHECK(m.sections[1].size() == 1);
    }
}
TEST_CASE("ferret: glue is not an answer") {
    Server server = serve("sub NS ns.sub\nns.sub A 1.2.3.4\n");
    const auto m = server.ask("ns.sub.example.org", type::a);
    CHECK(m.sections[0].empty());
    CHECK(m.sections[2].size() == 1);
    CHECK_FALSE(m.authoritative());
}
TEST_CASE("ferret: a wildcard matches many labels") {
    Server server = serve("* A 1.2.3.4\n");
    CHECK(server.ask("a.b.c.d.example.org", type::a).sections[0].size() == 1);
}
TEST_CASE("ferret: a wildcard does not match below a delegation") {
    Server server = serve("* A 1.2.3.4\nsub NS ns.x.\n");
    CHECK(server.show("a.sub.example.org", type::a) == "NOERROR\nns sub.example.org. 1 NS ns.x.");
}
TEST_CASE("ferret: a wildcard does not match its own parent") {
    Server server = serve("*.a A 1.2.3.4\n");
    CHECK(server.show("a.example.org", type::a) == "NOERROR aa" + soa);
}
TEST_CASE("ferret: a wildcard below a wildcard") {
    Server server = serve("*.*.a A 1.2.3.4\n*.a TXT x\n");
    CHECK(server.show("q.a.example.org", type::a) == "NOERROR aa" + soa);
    CHECK(server.ask("q.*.a.example.org", type::a).sections[0].size() == 1);
    CHECK(server.ask("q.r.a.example.org", type::txt).sections[0].size() == 1);
}
TEST_CASE("ferret: an empty non-terminal is NODATA, also one made by a wildcard") {
    Server server = serve("a.b.c A 1.2.3.4\nx.*.d A 1.2.3.4\n");
    CHECK(server.show("b.c.example.org", type::a) == "NOERROR aa" + soa);
    CHECK(server.show("*.d.example.org", type::a) == "NOERROR aa" + soa);
    CHECK(server.show("q.d.example.org", type::a) == "NOERROR aa" + soa);
}
TEST_CASE("ferret: a CNAME loop is answered, by its records") {
    Server server = serve("a CNAME b\nb CNAME c\nc CNAME a\n");
    const auto m = server.ask("a.example.org", type::a);
    CHECK(m.rcode == 0);
    CHECK(m.sections[0].size() == 3);
}
TEST_CASE("ferret: a CNAME to a delegated name ends in a referral") {
    Server server = serve("a CNAME q.sub\nsub NS ns.x.\nq.sub A 1.2.3.4\n");
    CHECK(server.show("a.example.org", type::a) ==
          "NOERROR aa\nan a.example.org. 1 CNAME q.sub.example.org."
          "\nns sub.example.org. 1 NS ns.x.");
}
TEST_CASE("ferret: a CNAME is not followed when it is what was asked") {
    Server server = serve("a CNAME b\nb A 1.2.3.4\n");
    CHECK(server.show("a.example.org", type::cname) ==
          "NOERROR aa\nan a.example.org. 1 CNAME b.example.org.");
}
TEST_CASE("ferret: a CNAME out of the zone is not resolved, even to the parent") {
    Server server = serve("a CNAME org.\nb CNAME example.org\n");
    CHECK(server.show("a.example.org", type::a) == "NOERROR aa\nan a.example.org. 1 CNAME org.");
    CHECK(server.ask("b.example.org", type::a).rcode == 3);  // example.org.example.org.
}
TEST_CASE("ferret: the apex has its SOA and NS with authority") {
    Server server = serve("");
    CHECK(server.show("example.org", type::ns) == "NOERROR aa\nan example.org. 1 NS ns.x.");
    CHECK(server.show("example.org", type::a) == "NOERROR aa" + soa);
}
TEST_CASE("ferret: two ways to one target give its addresses once") {
    Server server = serve("m MX 1 t\nm MX 2 t\nt A 1.2.3.4\n");
    const auto m = server.ask("m.example.org", type::mx);
    CHECK(m.sections[0].size() == 2);
    CHECK(m.sections[2].size() == 1);
}
TEST_CASE("ferret: an address that is the answer is not sent again beside it") {
    Server server = serve("m MX 1 m\nm A 1.2.3.4\n");
    CHECK(server.ask("m.example.org", type::mx).sections[2].size() == 1);
    Server cname = serve("c CNAME m\nm MX 1 c\n");
    CHECK(cname.ask("c.example.org", type::mx).sections[0].size() == 2);
}
