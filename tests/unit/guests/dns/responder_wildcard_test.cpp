// The zone of RFC 4592 2.2.1 and the responses it lists there, then cases of sections 3 and 4.

#include "dns/responder.hpp"
#include "zone_fixture.hpp"

using namespace stemma;
using namespace stemma::dns_test;

namespace {
const std::string zone = R"(
$TTL 3600
$ORIGIN example.
example.                 SOA   ns.example.com. h.example.com. 1 2 3 4 5
example.                 NS    ns.example.com.
example.                 NS    ns.example.net.
*.example.               TXT   "this is a wildcard"
*.example.               MX    10 host1.example.
sub.*.example.           TXT   "this is not a wildcard"
host1.example.           A     192.0.2.1
_ssh._tcp.host1.example. SRV   0 0 22 host1.example.
_ssh._tcp.host2.example. SRV   0 0 22 host1.example.
subdel.example.          NS    ns.example.com.
subdel.example.          NS    ns.example.net.
)";
const std::string soa = "\nns example. 5 SOA ns.example.com. h.example.com. 1 2 3 4 5";
const std::string referral =
    "NOERROR\nns subdel.example. 3600 NS ns.example.com.\nns subdel.example. 3600 NS "
    "ns.example.net.";

std::string wild(std::string_view owner) {
    return "NOERROR aa\nan " + std::string(owner) +
           " 3600 MX 10 host1.example."
           "\nar host1.example. 3600 A 192.0.2.1";
}
}  // namespace

TEST_CASE("RFC 4592 2.2.1: responses synthesized from the wildcard") {
    Server server(zone, "example.");
    CHECK(server.show("host3.example", type::mx) == wild("host3.example."));
    CHECK(server.show("host3.example", type::a) == "NOERROR aa" + soa);
    CHECK(server.show("foo.bar.example", type::txt) ==
          "NOERROR aa\nan foo.bar.example. 3600 TXT \"this is a wildcard\"");
    CHECK(server.show("foo.BAR.example", type::mx) == wild("foo.BAR.example."));
}

TEST_CASE("RFC 4592 2.2.1: responses not synthesized") {
    Server server(zone, "example.");
    CHECK(server.show("host1.example", type::mx) == "NOERROR aa" + soa);
    CHECK(server.show("sub.*.example", type::mx) == "NOERROR aa" + soa);
    CHECK(server.show("_telnet._tcp.host1.example", type::srv) == "NXDOMAIN aa" + soa);
    CHECK(server.show("host.subdel.example", type::a) == referral);
    CHECK(server.show("ghost.*.example", type::mx) == "NXDOMAIN aa" + soa);
}

TEST_CASE("RFC 4592 2.2.2: an empty non-terminal blocks the wildcard") {
    Server server(zone, "example.");
    CHECK(server.show("_tcp.host1.example", type::txt) == "NOERROR aa" + soa);
    CHECK(server.show("host2.example", type::txt) == "NOERROR aa" + soa);
    CHECK(server.show("a.host2.example", type::txt) == "NXDOMAIN aa" + soa);
}

TEST_CASE("RFC 4592 2.3: the wildcard's own name is a name like others") {
    Server server(zone, "example.");
    CHECK(server.show("*.example", type::txt) ==
          "NOERROR aa\nan *.example. 3600 TXT \"this is a wildcard\"");
    CHECK(server.show("*.example", type::a) == "NOERROR aa" + soa);
    CHECK(server.show("sub.*.example", type::txt) ==
          "NOERROR aa\nan sub.*.example. 3600 TXT \"this is not a wildcard\"");
    CHECK(server.show("*.foo.example", type::txt) ==
          "NOERROR aa\nan *.foo.example. 3600 TXT \"this is a wildcard\"");
}

TEST_CASE("RFC 4592 2.1.1: only the whole label '*' is one") {
    Server server(
        "$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n*x A 1.2.3.4\nx.*.y A 1.2.3.4\n\\*.z A 1.1.1.1\n");
    CHECK(server.ask("ax.example.org", type::a).rcode == 3);
    CHECK(server.ask("x.a.y.example.org", type::a).rcode == 0);  // below an empty wildcard
    CHECK(server.ask("x.a.y.example.org", type::a).sections[0].empty());
    // an escaped asterisk is the same byte
    CHECK(server.ask("a.z.example.org", type::a).sections[0].size() == 1);
}

TEST_CASE("RFC 4592 3.3.1: the closest encloser's wildcard and no other") {
    Server server(
        "$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n* A 1.2.3.4\na.b A 1.2.3.5\n*.c A 1.2.3.6\n");
    CHECK(server.ask("x.y.example.org", type::a).sections[0].size() == 1);
    CHECK(server.ask("x.b.example.org", type::a).rcode == 3);
    CHECK(server.ask("x.a.b.example.org", type::a).rcode == 3);
    CHECK(server.ask("c.example.org", type::a).sections[0].empty());
    CHECK(server.ask("x.y.c.example.org", type::a).sections[0][0].data == "1.2.3.6");
}

TEST_CASE("RFC 4592 4.4: a wildcard CNAME is followed") {
    Server server(
        "$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n* CNAME target\ntarget A 1.2.3.4\n"
        "*.loop CNAME x.loop\n*.far CNAME x.y.far\n");
    CHECK(server.show("any.example.org", type::a) ==
          "NOERROR aa\nan any.example.org. 1 CNAME target.example.org."
          "\nan target.example.org. 1 A 1.2.3.4");
    // a wildcard that leads to itself ends where it began
    CHECK(server.show("x.loop.example.org", type::a) ==
          "NOERROR aa\nan x.loop.example.org. 1 CNAME x.loop.example.org.");
    CHECK(server.ask("a.loop.example.org", type::a).sections[0].size() == 2);
    CHECK(server.ask("q.far.example.org", type::a).sections[0].size() == 2);
    CHECK(server.show("q.far.example.org", type::cname) ==
          "NOERROR aa\nan q.far.example.org. 1 CNAME x.y.far.example.org.");
}

TEST_CASE("RFC 4592 4.2: NS at a wildcard delegates nothing that it matches") {
    Server server("$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n* NS ns.x.\n");
    CHECK(server.show("q.example.org", type::ns) == "NOERROR aa\nan q.example.org. 1 NS ns.x.");
    CHECK(server.ask("q.example.org", type::a).authoritative());
    CHECK_FALSE(server.ask("*.example.org", type::a).authoritative());
}
