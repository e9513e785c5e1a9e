#include "dns/reply_writer.hpp"

#include "zone_fixture.hpp"

using namespace stemma;
using namespace stemma::dns_test;
using dns::NodeId;
using dns::RecordType;
using dns::Section;

namespace {

// A reply to a question for the apex, to which RRsets are added by hand.
struct Reply {
    explicit Reply(const dns::Zone& served, std::size_t limit) : zone(served) {
        const Bytes bytes = make_query("example.org", type::a);
        REQUIRE(query.parse(bytes) == dns::Verdict::answer);
        room.assign(bytes.begin(), bytes.end());
        room.resize(limit);
        for (NodeId node = zone.apex(); node != dns::no_node; node = zone.names().parent(node))
            path[zone.names().depth(node)] = node;
        writer.emplace(zone, query, path, 2, room);
    }
    NodeId node(std::string_view label) const {
        return zone.names().child(zone.apex(),
                                  std::vector<std::uint8_t>(label.begin(), label.end()));
    }
    bool add(std::string_view label, RecordType type) {
        return writer->add(Section::answer, node(label), *zone.find(node(label), type));
    }
    DecodedMessage decoded() {
        auto message = Bytes(room.begin(), room.begin() + static_cast<long>(writer->size()));
        message[7] = static_cast<std::uint8_t>(writer->count(Section::answer));
        return decode(message);
    }

    const dns::Zone& zone;
    dns::Query query;
    Bytes room;
    std::array<NodeId, 3> path{};
    std::optional<dns::ReplyWriter> writer;
};

const std::string text =
    "$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n"
    "long MX 1 a.very.long.target\nlong2 MX 1 other.very.long.target\nmany MX 1 a\nmany MX 2 a\n"
    "out MX 1 mail.example.net.\nout2 MX 1 mx.example.net.\n";

}  // namespace

TEST_CASE("names share what the reply already holds, to the longest common end") {
    const auto zone = make_zone(text);
    Reply reply(*zone, 512);
    const std::size_t start = reply.writer->size();
    REQUIRE(reply.add("long", RecordType::mx));
    // "long" and a pointer; fixed part; preference, "a.very.long.target" and a pointer
    const std::size_t first = 7 + 10 + 2 + 2 + 5 + 5 + 7 + 2;
    CHECK(reply.writer->size() - start == first);
    REQUIRE(reply.add("long2", RecordType::mx));
    // of the second target only "other" is new
    CHECK(reply.writer->size() - start == first + 8 + 10 + 2 + 6 + 2);
    const auto m = reply.decoded();
    CHECK(m.sections[0][1].data == "1 other.very.long.target.example.org.");
}

TEST_CASE("names outside the zone are shared too") {
    const auto zone = make_zone(text);
    Reply reply(*zone, 512);
    REQUIRE(reply.add("out", RecordType::mx));
    const std::size_t before = reply.writer->size();
    REQUIRE(reply.add("out2", RecordType::mx));
    CHECK(reply.writer->size() - before == 7 + 10 + 2 + 3 + 2);
    CHECK(reply.decoded().sections[0][1].data == "1 mx.example.net.");
}

TEST_CASE("of an RRset's records all but the first have a pointer for an owner") {
    const auto zone = make_zone(text);
    Reply reply(*zone, 512);
    const std::size_t start = reply.writer->size();
    REQUIRE(reply.add("many", RecordType::mx));
    CHECK(reply.writer->size() - start == (7 + 10 + 2 + 4) + (2 + 10 + 2 + 2));
    CHECK(reply.writer->count(Section::answer) == 2);
}

TEST_CASE("an RRset that does not fit leaves nothing behind, names to point to included") {
    const auto zone = make_zone(text);
    for (std::size_t limit = 30; limit < 110; ++limit) {
        CAPTURE(limit);
        Reply reply(*zone, limit);
        const std::size_t start = reply.writer->size();
        if (reply.add("long", RecordType::mx)) break;
        CHECK(reply.writer->size() == start);
        CHECK(reply.writer->count(Section::answer) == 0);
        CHECK(reply.writer->sent().empty());
        // What follows must not lean on it.
        if (reply.add("out", RecordType::mx)) {
            const auto m = reply.decoded();
            CHECK(m.sections[0][0].owner == "out.example.org.");
        }
        if (reply.add("long", RecordType::mx)) FAIL("fits now");
    }
    // The same when the owner was written and its target was not.
    const auto roomy = make_zone(
        "$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n"
        "x TXT " +
        std::string(100, 'y') + "\nx A 1.2.3.4\n");
    Reply reply(*roomy, 29 + 60);
    CHECK_FALSE(reply.add("x", RecordType::txt));
    REQUIRE(reply.add("x", RecordType::a));
    CHECK(reply.decoded().sections[0][0].owner == "x.example.org.");
}

TEST_CASE("what was sent is known by owner and RRset") {
    const auto zone = make_zone(text);
    Reply reply(*zone, 512);
    REQUIRE(reply.add("many", RecordType::mx));
    const auto& many = *zone->find(reply.node("many"), RecordType::mx);
    CHECK(reply.writer->has(reply.node("many"), many));
    CHECK_FALSE(reply.writer->has(dns::question_name, many));
    CHECK_FALSE(reply.writer->has(reply.node("long"), many));
}

TEST_CASE("more RRsets than the bound do not fit") {
    std::string wide = "$TTL 1\n@ SOA a b 1 2 3 4 5\n@ NS a\n";
    for (int i = 0; i < 100; ++i)
        wide.append("n").append(std::to_string(i)).append(" A 1.2.3.4\n");
    const auto zone = make_zone(wide);
    Reply reply(*zone, 4000);
    std::size_t added = 0;
    while (added < 100 && reply.add("n" + std::to_string(added), RecordType::a))
        ++added;
    CHECK(added == dns::ReplyWriter::rrsets_max);
    CHECK(reply.decoded().sections[0].size() == added);
}
