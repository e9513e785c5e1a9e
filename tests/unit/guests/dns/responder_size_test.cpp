// EDNS and truncation: RFC 6891, RFC 2181 9, RFC 9471.

#include "dns/responder.hpp"
#include "zone_fixture.hpp"

using namespace stemma;
using namespace stemma::dns_test;

namespace {
std::string text_records(std::string_view owner, int count, std::size_t size) {
    std::string text;
    for (int i = 0; i < count; ++i)
        text.append(owner)
            .append(" TXT ")
            .append(std::to_string(10 + i) + std::string(size - 2, 'x'))
            .append("\n");
    return text;
}

std::string zone() {
    std::string text = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 10.0.0.1\n";
    text += text_records("t400", 4, 88);  // 4 * (12 + 89) + 34 = 438 with its question
    text += text_records("t900", 9, 88);
    text += text_records("t1300", 13, 88);
    text += "alias CNAME t900\n";
    // A referral of 13 servers within, whose addresses are over 512 bytes.
    for (int i = 0; i < 13; ++i) {
        const std::string n = std::to_string(i);
        text += "sub NS ns" + n + ".sub\nns" + n + ".sub A 10.1.0." + n + "\nns" + n +
                ".sub AAAA fd00::" + n + "\n";
    }
    // And one whose servers lie elsewhere in the zone.
    for (int i = 0; i < 13; ++i) {
        const std::string n = std::to_string(i);
        text += "sub2 NS out" + n + "\nout" + n + " A 10.2.0." + n + "\nout" + n +
                " AAAA fd01::" + n + "\n";
    }
    // An MX set whose addresses do not all fit.
    for (int i = 0; i < 13; ++i)
        text += "mx MX 1 out" + std::to_string(i) + "\n";
    return text;
}

QueryShape with_size(unsigned size) {
    return {.edns = EdnsOptions{.size = size}};
}
}  // namespace

TEST_CASE("RFC 1035 4.2.1: without EDNS an answer has at most 512 bytes") {
    Server server(zone());
    const auto fits = server.ask("t400.example.org", type::txt);
    CHECK_FALSE(fits.truncated());
    CHECK(fits.sections[0].size() == 4);
    const auto cut = server.ask("t900.example.org", type::txt);
    CHECK(cut.truncated());
    // RFC 2181 9: a part of an RRset is of no use, and nobody must take it for the whole
    CHECK(cut.sections[0].empty());
    CHECK(cut.rcode == 0);
    CHECK(cut.authoritative());
    CHECK(server.responder.counters().truncated == 1);
}

TEST_CASE("RFC 6891 6.2.3: with EDNS as much as asked, at least 512, at most 1,232") {
    Server server(zone());
    CHECK(server.ask("t900.example.org", type::txt, with_size(511)).truncated());
    CHECK(server.ask("t400.example.org", type::txt, with_size(0)).sections[0].size() == 4);
    CHECK(server.ask("t900.example.org", type::txt, with_size(900)).truncated());
    CHECK(server.ask("t900.example.org", type::txt, with_size(1232)).sections[0].size() == 9);
    CHECK(server.ask("t1300.example.org", type::txt, with_size(4096)).truncated());
}

TEST_CASE("the limit is exact, to the byte") {
    Server server(zone());
    const auto size_of = [&](unsigned limit) {
        return server.answer(make_query("t900.example.org", type::txt, with_size(limit))).size();
    };
    const std::size_t whole = size_of(1232);
    CHECK(whole > 900);
    CHECK(size_of(static_cast<unsigned>(whole)) == whole);
    CHECK(size_of(static_cast<unsigned>(whole - 1)) < 100);
    // the room for the reply is a limit too
    std::vector<std::uint8_t> reply(whole);
    const Bytes query = make_query("t900.example.org", type::txt, with_size(1232));
    CHECK(server.responder.answer(query, reply) == whole);
    CHECK(server.responder.answer(query, std::span(reply).first(whole - 1)) < 100);
}

TEST_CASE("a CNAME whose target does not fit comes alone and truncated") {
    Server server(zone());
    const auto m = server.ask("alias.example.org", type::txt);
    CHECK(m.truncated());
    REQUIRE(m.sections[0].size() == 1);
    CHECK(m.sections[0][0].type == type::cname);
}

TEST_CASE("RFC 9471: a referral without addresses of servers in its own zone is truncated") {
    Server server(zone());
    const auto small = server.ask("a.sub.example.org", type::a);
    CHECK(small.truncated());
    CHECK(small.sections[1].size() == 13);
    CHECK(small.sections[2].size() > 5);
    const auto large = server.ask("a.sub.example.org", type::a, with_size(1232));
    CHECK_FALSE(large.truncated());
    CHECK(large.sections[2].size() == 26);
}

TEST_CASE("addresses that are only a courtesy are left out in silence") {
    Server server(zone());
    const auto referral = server.ask("a.sub2.example.org", type::a);
    CHECK_FALSE(referral.truncated());
    CHECK(referral.sections[1].size() == 13);
    CHECK(referral.sections[2].size() < 26);
    const auto mx = server.ask("mx.example.org", type::mx);
    CHECK_FALSE(mx.truncated());
    CHECK(mx.sections[0].size() == 13);
    CHECK(mx.sections[2].size() < 26);
}

TEST_CASE("the OPT record of an answer says what we take, and copies DO alone") {
    Server server(zone());
    const auto plain = server.ask("ns.example.org", type::a, with_size(4096));
    REQUIRE(plain.opt);
    CHECK(plain.opt->size == 1232);
    CHECK(plain.opt->version == 0);
    CHECK(plain.opt->flags == 0);
    CHECK(plain.opt->options == 0);
    const auto all_flags =
        server.ask("ns.example.org", type::a, {.edns = EdnsOptions{.flags = 0xffff}});
    CHECK(all_flags.opt->flags == 0x8000);
    for (const auto* name : {"nothere.example.org", "a.sub.example.org", "example.com"})
        CHECK(server.ask(name, type::a, with_size(1232)).opt);
}
