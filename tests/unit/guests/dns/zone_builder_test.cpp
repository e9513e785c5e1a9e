#include "dns/zone_builder.hpp"

#include "zone_fixture.hpp"

using namespace stemma::dns;
using stemma::dns_test::make_zone;
using stemma::dns_test::name_of;
using stemma::dns_test::try_zone;

namespace {
const std::string head = "$TTL 60\n@ SOA ns h 7 2 3 4 30\n@ NS ns\n";

std::string error_of(const std::string& text) {
    const auto zone = try_zone(text);
    return zone ? "none" : zone.error().text();
}
std::string warnings_of(const std::string& text) {
    const auto zone = try_zone(text);
    if (!zone) return zone.error().text();
    std::string out;
    for (const auto& warning : zone->warnings.kept)
        out += warning.text() + "\n";
    return out;
}
}  // namespace

TEST_CASE("a zone that contradicts itself is refused") {
    struct Case {
        std::string text;
        std::string_view error;
    };
    for (const auto& [text, error] : {
             Case{"", "no SOA for example.org."},
             {"@ 1 NS ns\n", "no SOA for example.org."},
             {head + "@ SOA ns h 8 2 3 4 30\n", "line 4: another SOA, the first is on line 2"},
             {head + "a SOA ns h 8 2 3 4 30\n",
              "line 4: a.example.org.: SOA below the zone's apex"},
             {head + "a.example.com. A 1.2.3.4\n",
              "line 4: a.example.com. is outside the zone example.org."},
             {head + "org. NS ns\n", "line 4: org. is outside the zone example.org."},
             {head + "xexample.org. A 1.2.3.4\n",
              "line 4: xexample.org. is outside the zone example.org."},
             {head + "a A 1.2.3.4\nb A 1.2.3.4\na CNAME b\n",
              "line 6: a.example.org.: CNAME and other data"},
             {head + "a CNAME b\nA TXT x\n", "line 5: a.example.org.: CNAME and other data"},
             {head + "a CNAME b\na CNAME c\n", "line 5: a.example.org.: more than one CNAME"},
             {head + "@ CNAME b\n", "line 4: example.org.: CNAME and other data"},
             {head + "a TYPE5 \\# 3 016200\na A 1.2.3.4\n",
              "line 5: a.example.org.: CNAME and other data"},
         }) {
        CAPTURE(text);
        CHECK(error_of(text) == error);
    }
    CHECK(error_of(head + "a CNAME b\na CNAME B\n") == "none");
    CHECK(error_of(head) == "none");
}

TEST_CASE("what is odd but can be served gives a warning") {
    struct Case {
        std::string text;
        std::string_view warnings;
    };
    for (const auto& [text, warnings] : {
             Case{head, ""},
             {"@ 1 SOA ns h 7 2 3 4 30\n", "no NS records for example.org.\n"},
             {head + "a A 1.2.3.4\na 70 A 1.2.3.5\n",
              "line 5: a.example.org.: TTLs of its A records differ, the lowest is taken\n"},
             {head + "* NS ns\n", "line 4: *.example.org.: NS at a wildcard delegates nothing\n"},
             {head + "sub NS ns.sub\nns.sub A 1.2.3.4\nsub A 1.2.3.4\n", ""},
             {head + "sub NS ns.sub\nx.sub TXT a\n",
              "line 5: x.sub.example.org.: TXT is hidden by a delegation\n"},
             {head + "sub NS ns\nsub MX 1 a\nsub TYPE43 \\# 1 00\n",
              "line 5: sub.example.org.: MX is hidden by a delegation\n"},
         }) {
        CAPTURE(text);
        CHECK(warnings_of(text) == warnings);
    }
    std::string many = head;
    for (int i = 0; i < 100; ++i)
        many += "sub" + std::to_string(i) + " NS ns\n TXT hidden\n";
    const auto zone = try_zone(many);
    REQUIRE(zone);
    CHECK(zone->warnings.count == 100);
    CHECK(zone->warnings.kept.size() == ZoneWarnings::kept_max);
}

TEST_CASE("RRsets: one TTL, each record once, in the order of the file") {
    const auto zone = try_zone(head +
                               "a 60 A 1.2.3.9\na 50 A 1.2.3.1\nb A 1.2.3.4\nA 40 A 1.2.3.9\n"
                               "a TXT x\n");
    REQUIRE(zone);
    const Zone& z = *zone->zone;
    CHECK(z.record_count() == 6);
    const NodeId node = z.names().child(z.apex(), std::vector<std::uint8_t>{'a'});
    const auto* rrset = z.find(node, RecordType::a);
    REQUIRE(rrset);
    CHECK(rrset->count == 2);
    CHECK(rrset->ttl == 40);
    std::uint32_t position = rrset->data;
    CHECK(z.data(position)[3] == 9);
    CHECK(z.data(position)[3] == 1);
    CHECK(z.rrsets(node).size() == 2);
    CHECK(z.find(node, RecordType::aaaa) == nullptr);

    for (const auto* ttls : {"c 60 A 1.1.1.1\nc 50 A 1.1.1.2\n", "c 50 A 1.1.1.1\nc 60 A 1.1.1.2\n",
                             "c 60 A 1.1.1.1\nc 50 A 1.1.1.1\n"}) {
        const auto other = make_zone(head + ttls);
        const NodeId c = other->names().child(other->apex(), std::vector<std::uint8_t>{'c'});
        CHECK(other->find(c, RecordType::a)->ttl == 50);
    }
}

TEST_CASE("the SOA gives serial and negative TTL") {
    CHECK(try_zone(head)->zone->serial() == 7);
    CHECK(try_zone(head)->zone->negative_ttl() == 30);
    CHECK(try_zone("@ 20 SOA ns h 7 2 3 4 30\n")->zone->negative_ttl() == 20);
}

TEST_CASE("names exist with their data and with what lies below them") {
    const auto zone = try_zone(head +
                               "a.b.c A 1.2.3.4\nx MX 1 target.y\n*.w A 1.2.3.4\n"
                               "sub NS ns.sub\nns.sub A 1.2.3.4\n");
    REQUIRE(zone);
    const Zone& z = *zone->zone;
    const auto node = [&](std::initializer_list<std::string_view> labels) {
        NodeId at = z.apex();
        for (const auto label : labels)
            at = z.names().child(at, std::vector<std::uint8_t>(label.begin(), label.end()));
        REQUIRE(at != no_node);
        return at;
    };
    CHECK(z.exists(z.apex()));
    CHECK(z.exists(node({"c", "b", "a"})));
    CHECK(z.exists(node({"c"})));
    CHECK(z.rrsets(node({"c"})).empty());
    CHECK_FALSE(z.exists(node({"y", "target"})));
    CHECK_FALSE(z.exists(node({"y"})));
    CHECK(z.is_inside(node({"y"})));
    CHECK_FALSE(z.is_inside(root_node));
    CHECK(z.wildcard(node({"w"})) == node({"w", "*"}));
    CHECK(z.wildcard(node({"c"})) == no_node);
    CHECK(z.is_cut(node({"sub"})));
    CHECK_FALSE(z.is_cut(z.apex()));
    CHECK(z.is_occluded(node({"sub", "ns"})));
    CHECK_FALSE(z.is_occluded(node({"sub"})));
    CHECK_FALSE(z.is_authoritative(node({"sub"})));
    CHECK(z.is_authoritative(node({"c"})));
}

TEST_CASE("a zone too large for the guest is refused in good time") {
    std::string text = head;
    for (int i = 0; i < 200000; ++i)
        text += "a-rather-long-name-" + std::to_string(i) + " A 10.0.0.1\n";
    const auto zone = try_zone(text, "example.org.", 2000);
    REQUIRE_FALSE(zone);
    CHECK(zone.error().cause == "the zone does not fit into 5 MB up to here");
    CHECK(zone.error().line > 30000);

    std::string wide = head;
    for (int i = 0; i < 5000; ++i)
        wide += "a TXT " + std::to_string(i) + "\n";
    CHECK(error_of(wide).ends_with("a.example.org.: more than 4096 records of one type"));
}

TEST_CASE("10,000 names take about a megabyte") {
    std::string text = head;
    for (int i = 0; i < 10000; ++i)
        text += "host" + std::to_string(i) + " A 10.0.0.1\n";
    const auto zone = try_zone(text);
    REQUIRE(zone);
    CHECK(zone->zone->bytes() < 1200 * 1024);
}

TEST_CASE("the root zone is a zone too") {
    const auto zone = try_zone("$TTL 60\n. SOA a. b. 1 2 3 4 5\n. NS a.\na. A 1.2.3.4\n", ".");
    REQUIRE(zone);
    CHECK(zone->zone->apex() == root_node);
    CHECK(zone->zone->exists(zone->zone->names().child(root_node, std::vector<std::uint8_t>{'a'})));
}
