// The queries of RFC 8906 8, "Testing", that apply to UDP.

#include "dns/responder.hpp"
#include "example_zone.hpp"
#include "zone_fixture.hpp"

using namespace stemma;
using namespace stemma::dns_test;

namespace {
constexpr unsigned ad = 0x0020, cd = 0x0010, rd = 0x0100, z = 0x0040;
const Bytes option_100{0, 100, 0, 0};

bool has_soa(const DecodedMessage& m) {
    return m.sections[0].size() == 1 && m.sections[0][0].type == type::soa;
}
DecodedMessage ask_soa(const QueryShape& shape) {
    Server server(example_zone());
    return server.ask("example.org", type::soa, shape);
}
void check_answered(const DecodedMessage& m) {
    CHECK(m.rcode == 0);
    CHECK(has_soa(m));
    CHECK(m.authoritative());
    CHECK((m.flags & z) == 0);
}
void check_edns(const DecodedMessage& m) {
    check_answered(m);
    REQUIRE(m.opt);
    CHECK(m.opt->version == 0);
    CHECK((m.opt->flags & 0x7fff) == 0);
    CHECK(m.opt->options == 0);
}
void check_bad_version(const DecodedMessage& m) {
    CHECK(m.rcode == 16);
    CHECK(m.sections[0].empty());
    CHECK_FALSE(m.authoritative());
    REQUIRE(m.opt);
    CHECK(m.opt->version == 0);
    CHECK((m.opt->flags & 0x7fff) == 0);
    CHECK(m.opt->options == 0);
}
}  // namespace

TEST_CASE("RFC 8906 8.1.1: the zone is served") {
    check_answered(ask_soa({}));
}
TEST_CASE("RFC 8906 8.1.2: an unknown type has no data and is no error") {
    Server server(example_zone());
    const auto m = server.ask("example.org", 1000);
    CHECK(m.rcode == 0);
    CHECK(m.authoritative());
    CHECK(m.sections[0].empty());
}
TEST_CASE("RFC 8906 8.1.3.1: CD=1") {
    check_answered(ask_soa({.flags = cd}));
}
TEST_CASE("RFC 8906 8.1.3.2: AD=1") {
    check_answered(ask_soa({.flags = ad}));
}
TEST_CASE("RFC 8906 8.1.3.3: the reserved bit is not copied") {
    check_answered(ask_soa({.flags = z}));
}
TEST_CASE("RFC 8906 8.1.3.4: RD=1 is copied, recursion not offered") {
    const auto m = ask_soa({.flags = rd});
    check_answered(m);
    CHECK((m.flags & rd) != 0);
    CHECK((m.flags & 0x0080) == 0);
}
TEST_CASE("RFC 8906 8.1.4: unknown opcodes, with nothing but a header") {
    Server server(example_zone());
    for (unsigned opcode = 1; opcode < 16; ++opcode) {
        Bytes header(12, 0);
        header[2] = static_cast<std::uint8_t>(opcode << 3);
        const auto m = decode(server.answer(header));
        CHECK(m.rcode == 4);
        CHECK((m.flags & 0x7800) == opcode << 11);
        CHECK_FALSE(m.authoritative());
    }
}
TEST_CASE("RFC 8906 8.2.1: plain EDNS") {
    check_edns(ask_soa({.edns = EdnsOptions{}}));
}
TEST_CASE("RFC 8906 8.2.2: EDNS version 1") {
    check_bad_version(ask_soa({.edns = EdnsOptions{.version = 1}}));
}
TEST_CASE("RFC 8906 8.2.3: an unknown option") {
    check_edns(ask_soa({.edns = EdnsOptions{.options = option_100}}));
}
TEST_CASE("RFC 8906 8.2.4: unknown EDNS flags are not copied") {
    check_edns(ask_soa({.edns = EdnsOptions{.flags = 0x0040}}));
}
TEST_CASE("RFC 8906 8.2.5: EDNS version 1 with unknown flags") {
    check_bad_version(ask_soa({.edns = EdnsOptions{.version = 1, .flags = 0x0040}}));
}
TEST_CASE("RFC 8906 8.2.6: EDNS version 1 with an unknown option") {
    check_bad_version(ask_soa({.edns = EdnsOptions{.version = 1, .options = option_100}}));
}
TEST_CASE("RFC 8906 8.2.7: DO=1") {
    const auto m = ask_soa({.edns = EdnsOptions{.flags = 0x8000}});
    check_edns(m);
    CHECK(m.opt->flags == 0x8000);
}
TEST_CASE("RFC 8906 8.2.8: EDNS version 1 with DO=1") {
    const auto m = ask_soa({.edns = EdnsOptions{.version = 1, .flags = 0x8000}});
    check_bad_version(m);
    CHECK(m.opt->flags == 0x8000);
}
TEST_CASE("RFC 8906 8.2.9: cookie, NSID, expire and client subnet together") {
    check_edns(ask_soa({.edns = EdnsOptions{.options = {0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8,  //
                                                        0, 3,  0, 0,                          //
                                                        0, 9,  0, 0,                          //
                                                        0, 8,  0, 4, 0, 1, 0, 0}}}));
}
