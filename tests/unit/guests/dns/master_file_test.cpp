#include "dns/master_file.hpp"

#include <catch2/catch.hpp>

using namespace stemma::dns;

namespace {
// Records as "line owner ttl type bytes-of-data", or the error.
std::string records(std::string_view text) {
    MasterFile file(*Name::from_text("example.org.", Name()));
    file.feed(text);
    file.finish();
    std::string out;
    for (;;) {
        const auto record = file.next();
        if (!record) return out + "error " + record.error().text();
        if (!*record) return out;
        out.append(std::to_string((*record)->line) + " ")
            .append((*record)->owner.text() + " ")
            .append(std::to_string((*record)->ttl) + " ")
            .append(to_text((*record)->type) + " ")
            .append(std::to_string((*record)->data.size()) + "\n");
    }
}

struct Case {
    std::string_view text;
    std::string_view records;
};
}  // namespace

TEST_CASE("records are read by RFC 1035 5.1") {
    for (const auto& [text, expected] : {
             Case{"", ""},
             {"a 60 IN A 1.2.3.4\n", "1 a.example.org. 60 A 4\n"},
             {"a IN 60 A 1.2.3.4\n", "1 a.example.org. 60 A 4\n"},
             {"a 60 A 1.2.3.4\n", "1 a.example.org. 60 A 4\n"},
             {"a 1h30m A 1.2.3.4\n", "1 a.example.org. 5400 A 4\n"},
             {"a 60 CLASS1 TYPE1 \\# 4 01020304\n", "1 a.example.org. 60 A 4\n"},
             {"a 60 in a 1.2.3.4 ; x\n", "1 a.example.org. 60 A 4\n"},
             // the owner of the entry before
             {"a 60 A 1.2.3.4\n 70 A 1.2.3.5\n\tTXT x\n",
              "1 a.example.org. 60 A 4\n2 a.example.org. 70 A 4\n3 a.example.org. 70 TXT 2\n"},
             // words that look like types, classes and TTLs are owners in the first place
             {"A 60 A 1.2.3.4\nIN 60 A 1.2.3.4\n60 60 A 1.2.3.4\n",
              "1 A.example.org. 60 A 4\n2 IN.example.org. 60 A 4\n3 60.example.org. 60 A 4\n"},
             // $TTL counts from where it stands
             {"$TTL 5m\na A 1.2.3.4\n$TTL 10\na A 1.2.3.5\nb 1 A 1.2.3.4\nc A 1.2.3.4\n",
              "2 a.example.org. 300 A 4\n4 a.example.org. 10 A 4\n5 b.example.org. 1 A 4\n"
              "6 c.example.org. 10 A 4\n"},
             // the SOA's own MINIMUM, and the last TTL, when nothing else is said
             {"@ SOA a b 1 2 3 4 77\n@ NS a\n",
              "1 example.org. 77 SOA 50\n2 example.org. 77 NS 15\n"},
             // $ORIGIN, relative to the last
             {"$ORIGIN sub\na 1 A 1.2.3.4\n$ORIGIN x.\na 1 A 1.2.3.4\n@ 1 A 1.2.3.4\n",
              "2 a.sub.example.org. 1 A 4\n4 a.x. 1 A 4\n5 x. 1 A 4\n"},
             // parentheses
             {"@ 1 SOA a b ( 1 ; serial\n 2 3\n4 5 )\n", "1 example.org. 1 SOA 50\n"},
             {"( a 1 A\n1.2.3.4 )\n", "1 a.example.org. 1 A 4\n"},
             {"$TTL ( 7 )\na A 1.2.3.4\n", "2 a.example.org. 7 A 4\n"},
         }) {
        CAPTURE(text);
        CHECK(records(text) == expected);
    }
}

TEST_CASE("what is wrong with a record is told with its line") {
    for (const auto& [text, expected] : {
             Case{" 60 A 1.2.3.4\n",
                  "error line 1: the first record begins with a blank: whose is it?"},
             {"a A 1.2.3.4\n", "error line 1: no TTL here, before, or by $TTL"},
             {"a\n", "error line 1: record without a type"},
             {"\n\na 60 IN\n", "error line 3: record without a type"},
             {"a ( 60\nIN\n)\n", "error line 2: record without a type"},
             {"a 60 IN IN A 1.2.3.4\n",
              "error line 1: unknown type (or write TYPEnnn \\# ...): 'IN'"},
             {"a 60 70 A 1.2.3.4\n", "error line 1: unknown type (or write TYPEnnn \\# ...): '70'"},
             {"a 60 CH A 1.2.3.4\n", "error line 1: only class IN is served, not 'CH'"},
             {"a 60 HINFO x y\n", "error line 1: unknown type (or write TYPEnnn \\# ...): 'HINFO'"},
             {"a 60 TYPE255 \\# 0\n", "error line 1: no type for a zone: 'TYPE255'"},
             {"a 60 TYPE41 \\# 0\n", "error line 1: no type for a zone: 'TYPE41'"},
             {"a 60 TYPE0 \\# 0\n", "error line 1: no type for a zone: 'TYPE0'"},
             {"a 60 TYPE39 \\# 1 00\n", "error line 1: redirection is not served: 'TYPE39'"},
             {"a 2147483648 A 1.2.3.4\n",
              "error line 1: not a TTL up to 2147483647 seconds: '2147483648'"},
             {"a 1x A 1.2.3.4\n", "error line 1: not a TTL up to 2147483647 seconds: '1x'"},
             {"a..b 60 A 1.2.3.4\n", "error line 1: empty label in 'a..b'"},
             {"a 60 A 1.2.3\n", "error line 1: not an IPv4 address: '1.2.3'"},
             {"a 60 A\n", "error line 1: A data breaks off"},
             {"a 60 MX 10 (\n mail\n more )\n", "error line 3: unexpected word 'more'"},
             {"$TTL\n", "error line 1: $TTL breaks off"},
             {"$TTL x\n", "error line 1: not a period up to 2147483647 seconds: 'x'"},
             {"$TTL 1 2\n", "error line 1: unexpected word '2'"},
             {"$ORIGIN a..b\n", "error line 1: empty label in 'a..b'"},
             {"$INCLUDE other\n", "error line 1: $INCLUDE is not served: put its text here"},
             {"$GENERATE 1-9 a A 1.2.3.$\n", "error line 1: unknown directive '$GENERATE'"},
             {"a 60 TXT \"x\ny\"\n", "error line 1: quoted string without its end"},
             {"a 60 A 1.2.3.4 )\n", "error line 1: ')' without '('"},
             {"a 60 A \x01\x7f\n", "error line 1: not an IPv4 address: '\\001\\127'"},
         }) {
        CAPTURE(text);
        CHECK(records(text) == expected);
    }
}

TEST_CASE("a message shows a long word's beginning") {
    const auto text = "a 60 A " + std::string(1000, 'x') + "\n";
    CHECK(records(text) == "error line 1: not an IPv4 address: '" + std::string(64, 'x') + "...'");
}
