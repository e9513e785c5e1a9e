#include "dns/record_type.hpp"

#include <catch2/catch.hpp>

using namespace stemma::dns;

TEST_CASE("types have mnemonics, or numbers by RFC 3597") {
    CHECK(type_from_text("A") == RecordType::a);
    CHECK(type_from_text("aaaa") == RecordType::aaaa);
    CHECK(type_from_text("TYPE15") == RecordType::mx);
    CHECK(type_from_text("type65280") == RecordType{65280});
    for (const auto* text : {"", "TYPE", "TYPE65536", "TYPE1x", "TYPE-1", "AA", "IN", "TYPE 1"})
        CHECK_FALSE(type_from_text(text));
    CHECK(to_text(RecordType::srv) == "SRV");
    CHECK(to_text(RecordType{1000}) == "TYPE1000");
}

TEST_CASE("classes have mnemonics, or numbers by RFC 3597") {
    CHECK(class_from_text("in") == RecordClass::in);
    CHECK(class_from_text("CLASS1") == RecordClass::in);
    CHECK(class_from_text("CH") == RecordClass::ch);
    for (const auto* text : {"", "CLASS", "CLASS0", "CLASS65536", "A"})
        CHECK_FALSE(class_from_text(text));
}

TEST_CASE("meta types are those of questions and exchanges") {
    CHECK(is_meta(RecordType::opt));
    CHECK(is_meta(RecordType::axfr));
    CHECK(is_meta(RecordType::any));
    CHECK(is_meta(RecordType{128}));
    CHECK_FALSE(is_meta(RecordType{127}));
    CHECK_FALSE(is_meta(RecordType{256}));
}
