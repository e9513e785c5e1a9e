#include <catch2/catch.hpp>

#include "random_state.hpp"
#include "state_text.hpp"
#include "xenstored/crc32c.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

TEST_CASE("a state written as records and played back is the same state") {
    for (unsigned seed = 0; seed < 40; ++seed) {
        RandomState made(seed);
        for (int i = 0; i < 60; ++i)
            made.change();
        REQUIRE_FALSE(made.failed);
        State again;
        REQUIRE(write_state(made.state, [&](std::string_view records) {
            const auto played = play(again, records);
            INFO((played ? "" : played.error()));
            CHECK(played);
            return played.has_value();
        }));
        REQUIRE(state_text(again) == state_text(made.state));
    }
}

TEST_CASE(
    "records that were cut short or changed are refused, or mean something else, and no more") {
    RandomState made(7);
    for (int i = 0; i < 40; ++i)
        made.change();
    for (int i = 0; i < 400; ++i) {
        const State before = made.state;
        std::string records = made.change();
        for (std::size_t cut = 0; cut < records.size(); cut += 1 + made.below(9)) {
            State state = before;
            (void)play(state, std::string_view(records).substr(0, cut));
        }
        if (records.empty()) continue;
        records[made.below(records.size())] = static_cast<char>(made.below(256));
        State state = before;
        (void)play(state, records);
    }
    REQUIRE_FALSE(made.failed);
}

TEST_CASE("a record about a client that is not there does not fit") {
    RecordWriter records;
    records.turn_on();
    records.sent({4}, 1);
    State state;
    const auto played = play(state, records.bytes());
    REQUIRE_FALSE(played);
    CHECK(played.error() == "record 0 of kind 24 does not fit");
}

TEST_CASE("a writer that is off writes nothing") {
    RecordWriter records;
    records.opened({1});
    records.tree(store::Tree(), store::Tree());
    CHECK(records.empty());
}

TEST_CASE("the checksum is CRC-32C") {
    const std::string digits = "123456789";
    CHECK(crc32c(std::as_bytes(std::span(digits))) == 0xe3069283);
    const std::string_view half = std::string_view(digits).substr(0, 4);
    const std::uint32_t first = crc32c(std::as_bytes(std::span(half)));
    CHECK(crc32c(std::as_bytes(std::span(digits)).subspan(4), first) == 0xe3069283);
}
