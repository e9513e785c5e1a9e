#include "probe/dns_query.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "../net/bytes.hpp"
#include "../net/frames.hpp"

using namespace stemma::probe;
using stemma::net::test::Bytes;
using stemma::net::test::cut;
using stemma::net::test::hex;
using stemma::net::test::ip;

namespace {

Bytes query_for(std::string_view name, std::uint16_t id = 0x1234) {
    std::array<std::uint8_t, dns_query_max> room;
    const auto size = write_dns_query(room, id, name);
    REQUIRE(size);
    return {room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*size)};
}

// The query made a response with this flags' low byte, and records.
Bytes response_to(Bytes query, std::uint8_t flags, std::uint16_t answers, const Bytes& records) {
    query[2] = 0x84;
    query[3] = flags;
    query[6] = static_cast<std::uint8_t>(answers >> 8);
    query[7] = static_cast<std::uint8_t>(answers);
    query.insert(query.end(), records.begin(), records.end());
    return query;
}

const auto address_record = hex("c00c 0001 0001 0000003c 0004 c0000201");
const auto alias_record = hex("c00c 0005 0001 0000003c 0006 0361 6c69 c010");

}  // namespace

TEST_CASE("a query is RFC 1035's for one A record") {
    const auto wire =
        hex("1234 0100 0001 0000 0000 0000 0377 7777 0765 7861 6d70 6c65 00 0001 0001");
    CHECK(query_for("www.example") == wire);
    CHECK(query_for("www.example.") == wire);
}

TEST_CASE("names that are none make no query") {
    std::array<std::uint8_t, dns_query_max> room;
    const std::string label(63, 'a');
    const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
    CHECK(longest.size() == 253);
    CHECK(write_dns_query(room, 1, longest));
    CHECK(write_dns_query(room, 1, longest + "."));
    for (const std::string& name :
         {std::string(), std::string("."), std::string("a..b"), std::string(".a"),
          std::string("a.."), label + "a.b", longest + "c"})
        CHECK(!write_dns_query(room, 1, name));
}

TEST_CASE("the outcome of a response is read") {
    const auto query = query_for("www.example");
    struct Case {
        std::uint8_t flags;
        std::uint16_t answers;
        Bytes records;
        const char* text;
        bool found;
    };
    Bytes both = alias_record;
    both.insert(both.end(), address_record.begin(), address_record.end());
    const Case cases[] = {
        {0, 1, address_record, "192.0.2.1", true},
        {0, 2, both, "192.0.2.1", true},
        {0, 1, alias_record, "no address", true},
        {0, 0, {}, "no data", false},
        {3, 0, {}, "NXDOMAIN", false},
        {2, 0, {}, "SERVFAIL", false},
        {5, 0, {}, "REFUSED", false},
        {9, 0, {}, "rcode 9", false},
    };
    for (const auto& c : cases) {
        const auto answer =
            read_dns_answer(response_to(query, c.flags, c.answers, c.records), query);
        REQUIRE(answer);
        CHECK(answer->text() == c.text);
        CHECK(answer->found() == c.found);
    }
    auto truncated = response_to(query, 0, 0, {});
    truncated[2] |= 2;
    CHECK(read_dns_answer(truncated, query)->text() == "truncated");
}

TEST_CASE("a response to another query is not taken") {
    const auto query = query_for("www.example");
    const auto good = response_to(query, 0, 1, address_record);
    CHECK(read_dns_answer(good, query));
    CHECK(!read_dns_answer(query, query));  // no response
    CHECK(!read_dns_answer(response_to(query_for("www.example", 0x1235), 0, 0, {}), query));
    CHECK(!read_dns_answer(response_to(query_for("wwx.example"), 0, 0, {}), query));
    CHECK(!read_dns_answer(response_to(query_for("www.exampl"), 0, 0, {}), query));
    auto upper = good;
    upper[13] = 'W';
    CHECK(read_dns_answer(upper, query));
    // an error may lack the question
    auto bare = cut(good, 12);
    bare[3] = 1;
    bare[5] = 0;
    CHECK(read_dns_answer(bare, query)->text() == "FORMERR");
}

TEST_CASE("a response cut or changed anywhere is not read past its end") {
    const auto query = query_for("www.example");
    Bytes records = alias_record;
    records.insert(records.end(), address_record.begin(), address_record.end());
    const auto good = response_to(query, 0, 2, records);
    for (std::size_t size = 0; size < good.size(); ++size)
        CHECK(!read_dns_answer(cut(good, size), query));
    std::mt19937 random(1);
    for (int round = 0; round < 20'000; ++round) {
        auto changed = cut(good, query.size() + random() % (good.size() - query.size() + 1));
        for (std::size_t i = query.size(); i < changed.size(); ++i) {
            if (random() % 4 == 0) changed[i] = static_cast<std::uint8_t>(random());
        }
        const auto answer = read_dns_answer(changed, query);
        if (answer) (void)answer->text();
    }
}
