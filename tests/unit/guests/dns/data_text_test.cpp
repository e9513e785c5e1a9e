#include "dns/data_text.hpp"

#include <catch2/catch.hpp>

using namespace stemma::dns;

namespace {
std::vector<Token> split(std::string_view text) {
    std::vector<Token> tokens;
    static EntryReader reader;
    reader = EntryReader();
    reader.feed(text);
    reader.finish();
    Entry entry;
    const auto found = reader.next(entry);
    REQUIRE(found);
    return entry.tokens;
}

// In hexadecimal, or the error.
std::string data(RecordType type, std::string_view text) {
    const auto origin = *Name::from_text("x.", Name());
    std::vector<std::uint8_t> bytes;
    if (const auto parsed = parse_data(type, split(text), origin, bytes); !parsed)
        return parsed.error();
    CHECK(check_data(type, bytes));
    std::string hex;
    for (const auto byte : bytes) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
}

struct Case {
    RecordType type;
    std::string_view text;
    std::string_view result;
};
}  // namespace

TEST_CASE("data of the known types becomes wire form") {
    for (const auto& [type, text, result] : {
             Case{RecordType::a, "10.0.0.1", "0a000001"},
             {RecordType::aaaa, "fd00::1", "fd000000000000000000000000000001"},
             {RecordType::ns, "ns", "026e73017800"},
             {RecordType::cname, "ns.y.", "026e73017900"},
             {RecordType::ptr, "@", "017800"},
             {RecordType::mx, "10 a", "000a0161017800"},
             {RecordType::mx, "010 .", "000a00"},
             {RecordType::txt, "\"a b\" c",
              "0361206201"
              "63"},
             {RecordType::txt, "\"\"", "00"},
             {RecordType::txt, "\"\\\"\\065\\\\\"",
              "03224"
              "15c"},
             {RecordType::srv, "1 2 53 ns", "000100020035026e73017800"},
             {RecordType::soa, "ns h 1 2h 3m 4w 1h30m1s",
              "026e730178000168017800"
              "00000001"
              "00001c20"
              "000000b4"
              "0024ea00"
              "00001519"},
             {RecordType::soa, ". . 4294967295 0 0 0 2147483647",
              "0000ffffffff0000000000000000000000007fffffff"},
             {RecordType{65280}, "\\# 3 0102 03", "010203"},
             {RecordType{65280}, "\\# 3 01 0 203", "010203"},
             {RecordType{65280}, "\\# 0", ""},
             {RecordType::a, "\\# 4 0A000001", "0a000001"},
             {RecordType::mx, "\\# 5 000a 017800", "000a017800"},
         }) {
        CAPTURE(text);
        CHECK(data(type, text) == result);
    }
}

TEST_CASE("wrong data is refused with its cause") {
    const std::string long_string = "\"" + std::string(256, 'a') + "\"";
    for (const auto& [type, text, result] : {
             Case{RecordType::a, "10.0.0", "not an IPv4 address: '10.0.0'"},
             {RecordType::a, "10.0.0.256", "not an IPv4 address: '10.0.0.256'"},
             {RecordType::a, "10.0.0.1 2", "unexpected word '2'"},
             {RecordType::aaaa, "10.0.0.1", "not an IPv6 address: '10.0.0.1'"},
             {RecordType::ns, "a..b", "empty label in 'a..b'"},
             {RecordType::mx, "10", "MX data breaks off"},
             {RecordType::mx, "ten a", "not a number up to 65535: 'ten'"},
             {RecordType::mx, "65536 a", "not a number up to 65535: '65536'"},
             {RecordType::mx, "-1 a", "not a number up to 65535: '-1'"},
             {RecordType::srv, "1 2 3", "SRV data breaks off"},
             {RecordType::soa, "a b 1 2 3 4", "SOA data breaks off"},
             {RecordType::soa, "a b 4294967296 2 3 4 5",
              "not a number up to 4294967295: '4294967296'"},
             {RecordType::soa, "a b 1 2 3 4 2147483648",
              "not a period up to 2147483647 seconds: '2147483648'"},
             {RecordType::txt, "a\\25", "bad escape in 'a\\25'"},
             {RecordType::txt, long_string, "string longer than 255 bytes"},
             {RecordType{65280}, "x", "data of type TYPE65280 must be written as '\\# ...'"},
             {RecordType{65280}, "\\#", "'\\#' without a length"},
             {RecordType{65280}, "\\# x", "'\\#' without a length"},
             {RecordType{65280}, "\\# 2 01", "'\\#' gives a length of 2 for 1 bytes"},
             {RecordType{65280}, "\\# 1 012", "'\\#' gives a length of 1 for 1.5 bytes"},
             {RecordType{65280}, "\\# 1 0g", "not hexadecimal: '0g'"},
             {RecordType::a, "\\# 3 010203", "the bytes are no data of type A"},
             {RecordType::mx, "\\# 4 000a c00c", "the bytes are no data of type MX"},
             {RecordType::txt, "\\# 2 0261", "the bytes are no data of type TXT"},
             {RecordType::txt, "\\# 0", "the bytes are no data of type TXT"},
         }) {
        CAPTURE(text);
        CHECK(data(type, text) == result);
    }
}

TEST_CASE("a record without data is told so") {
    std::vector<std::uint8_t> bytes;
    CHECK(parse_data(RecordType::a, {}, Name(), bytes).error() == "A data breaks off");
    CHECK(parse_data(RecordType::txt, {}, Name(), bytes).error() == "TXT data breaks off");
}

TEST_CASE("periods are seconds, with or without units") {
    CHECK(parse_period("0") == 0);
    CHECK(parse_period("3600") == 3600);
    CHECK(parse_period("1h") == 3600);
    CHECK(parse_period("1W2D3H4M5S") == 604800 + 2 * 86400 + 3 * 3600 + 4 * 60 + 5);
    CHECK(parse_period("1h30") == 3630);
    CHECK(parse_period("2147483647") == 2147483647);
    for (const auto* text : {"", "h", "1x", "2147483648", "1h 2m", "-1", "4000w", "99999999999999"})
        CHECK_FALSE(parse_period(text));
}
