#include "dns/query.hpp"

#include <catch2/catch.hpp>

#include "query_bytes.hpp"

using namespace stemma::dns;
using namespace stemma::dns_test;

namespace {
Verdict verdict(const Bytes& message) {
    Query query;
    return query.parse(message);
}
Bytes with(Bytes message, std::size_t at, std::uint8_t value) {
    message[at] = value;
    return message;
}
Bytes plus(Bytes message, const Bytes& more) {
    message.insert(message.end(), more.begin(), more.end());
    return message;
}
Bytes without_last(Bytes message, std::size_t count = 1) {
    message.resize(message.size() - count);
    return message;
}
}  // namespace

TEST_CASE("a query is taken apart") {
    Query query;
    REQUIRE(query.parse(make_query("WwW.eXample.org", 28, {.flags = 0x0100, .klass = 3})) ==
            Verdict::answer);
    CHECK(query.type == RecordType::aaaa);
    CHECK(query.klass == RecordClass::ch);
    CHECK(query.flags == 0x0100);
    CHECK(query.end == 12 + 17 + 4);
    CHECK(query.name_size == 17);
    REQUIRE(query.label_count == 3);
    const auto label = query.label(1);
    CHECK(std::string(label.begin(), label.end()) == "example");
    CHECK_FALSE(query.has_edns);

    REQUIRE(query.parse(make_query(".", 2)) == Verdict::answer);
    CHECK(query.label_count == 0);
    CHECK(query.name_size == 1);
}

TEST_CASE("EDNS fields are read, options passed over") {
    Query query;
    const EdnsOptions edns{4096, 1, 0x8040, {0, 10, 0, 2, 1, 2, 0, 3, 0, 0}};
    REQUIRE(query.parse(make_query("a", 1, {.edns = edns})) == Verdict::answer);
    CHECK(query.has_edns);
    CHECK(query.dnssec_ok);
    CHECK(query.edns_version == 1);
    CHECK(query.edns_size == 4096);
}

TEST_CASE("what is not a query is dropped, other opcodes are not implemented") {
    const Bytes good = make_query("a", 1);
    CHECK(verdict({}) == Verdict::drop);
    CHECK(verdict(Bytes(11)) == Verdict::drop);
    CHECK(verdict(make_query("a", 1, {.flags = 0x8000})) == Verdict::drop);
    CHECK(verdict(make_query("a", 1, {.flags = 0xf800})) == Verdict::drop);
    for (unsigned opcode = 1; opcode < 16; ++opcode)
        CHECK(verdict(make_query("a", 1, {.flags = opcode << 11})) == Verdict::not_implemented);
    Bytes header(good.begin(), good.begin() + 12);
    CHECK(verdict(with(with(header, 5, 0), 2, 0x78)) == Verdict::not_implemented);
}

TEST_CASE("malformed queries are format errors") {
    const Bytes good = make_query("www.example.org", 1);
    const Bytes edns = make_query("www.example.org", 1, {.edns = EdnsOptions{}});
    const Bytes option =
        make_query("www.example.org", 1, {.edns = EdnsOptions{.options = {0, 10, 0, 1, 7}}});
    REQUIRE(verdict(good) == Verdict::answer);
    REQUIRE(verdict(edns) == Verdict::answer);
    REQUIRE(verdict(option) == Verdict::answer);

    CHECK(verdict(with(good, 5, 0)) == Verdict::format_error);   // no question
    CHECK(verdict(with(good, 5, 2)) == Verdict::format_error);   // RFC 9619: one, not two
    CHECK(verdict(with(good, 4, 1)) == Verdict::format_error);   // 257 of them
    CHECK(verdict(with(good, 7, 1)) == Verdict::format_error);   // an answer in a query
    CHECK(verdict(with(good, 9, 1)) == Verdict::format_error);   // authority in a query
    CHECK(verdict(with(good, 11, 1)) == Verdict::format_error);  // additional, but nothing there
    CHECK(verdict(plus(good, {0})) == Verdict::format_error);    // bytes behind the end
    CHECK(verdict(with(good, 12, 64)) == Verdict::format_error);
    CHECK(verdict(with(good, 12, 0xc0)) == Verdict::format_error);  // nothing to point to
    for (std::size_t size = 12; size < good.size(); ++size)
        CHECK(verdict(Bytes(good.begin(), good.begin() + static_cast<long>(size))) ==
              Verdict::format_error);
    for (std::size_t size = 12; size < option.size(); ++size)
        CHECK(verdict(Bytes(option.begin(), option.begin() + static_cast<long>(size))) ==
              Verdict::format_error);

    Bytes two_opts = with(edns, 11, 2);
    put_opt(two_opts, {});
    CHECK(verdict(two_opts) == Verdict::format_error);  // RFC 6891 6.1.1
    Bytes named_opt = with(good, 11, 1);
    put_name(named_opt, "a");
    for (const int byte : {0, 41, 4, 208, 0, 0, 0, 0, 0, 0})
        named_opt.push_back(static_cast<std::uint8_t>(byte));
    CHECK(verdict(named_opt) == Verdict::format_error);  // its owner must be the root
    CHECK(verdict(make_query("a", 1, {.edns = EdnsOptions{.options = {0, 10, 0, 2, 7}}})) ==
          Verdict::format_error);  // an option that breaks off
    CHECK(verdict(make_query("a", 1, {.edns = EdnsOptions{.options = {0, 10, 0}}})) ==
          Verdict::format_error);
    CHECK(verdict(without_last(with(edns, 11, 1))) == Verdict::format_error);
}

TEST_CASE("other additional records are passed over") {
    Bytes query = make_query("a", 1);
    query[11] = 2;
    // a record whose owner is a pointer, then OPT
    for (const int byte : {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4})
        query.push_back(static_cast<std::uint8_t>(byte));
    put_opt(query, {});
    Query read;
    CHECK(read.parse(query) == Verdict::answer);
    CHECK(read.has_edns);
}

TEST_CASE("names are bounded at 255 bytes") {
    const std::string label(63, 'a');
    const std::string three = label + "." + label + "." + label + ".";
    CHECK(verdict(make_query(three + std::string(61, 'b'), 1)) == Verdict::answer);
    CHECK(verdict(make_query(three + std::string(62, 'b'), 1)) == Verdict::format_error);
    std::string many;
    for (int i = 0; i < 127; ++i)
        many += "a.";
    Query query;
    CHECK(query.parse(make_query(many, 1)) == Verdict::answer);
    CHECK(query.label_count == 127);
    CHECK(verdict(make_query(many + "a.", 1)) == Verdict::format_error);
}
