#include "dns/name.hpp"

#include <catch2/catch.hpp>

using namespace stemma::dns;

namespace {
Name name(std::string_view text) {
    const auto read = Name::from_text(text, Name());
    REQUIRE(read);
    return *read;
}
}  // namespace

TEST_CASE("names are read from text, relative ones completed by the origin") {
    const Name origin = name("example.org.");
    struct Case {
        std::string_view text;
        std::string_view read;
    };
    for (const auto& [text, read] : {
             Case{"www", "www.example.org."},
             {"www.", "www."},
             {"@", "example.org."},
             {".", "."},
             {"*", "*.example.org."},
             {"a.b", "a.b.example.org."},
             {"WwW", "WwW.example.org."},
             {"a\\.b", "a\\.b.example.org."},
             {"\\097\\066", "aB.example.org."},
             {"\\000x", "\\000x.example.org."},
             {"\\@", "\\@.example.org."},
             {"_srv._udp", "_srv._udp.example.org."},
             {"a\\032b", "a\\032b.example.org."},
         }) {
        CAPTURE(text);
        const auto result = Name::from_text(text, origin);
        REQUIRE(result);
        CHECK(result->text() == read);
        CHECK(Name::from_text(result->text(), Name()) == *result);
    }
}

TEST_CASE("text that is no name is refused with its cause") {
    const std::string label(63, 'a');
    struct Case {
        std::string text;
        std::string_view cause;
    };
    for (const auto& [text, cause] : {
             Case{"", "empty name"},
             {"a..b", "empty label"},
             {".a", "empty label"},
             {"..", "empty label"},
             {"a\\", "bad escape"},
             {"a\\25", "bad escape"},
             {"a\\256", "bad escape"},
             {label + "a", "label longer than 63 bytes"},
             {label + "." + label + "." + label + "." + label + ".", "name longer than 255 bytes"},
             {label + "." + label + "." + label + "." + std::string(51, 'b'),
              "name longer than 255 bytes"},
         }) {
        CAPTURE(text);
        const auto result = Name::from_text(text, name("example.org."));
        REQUIRE_FALSE(result);
        CHECK(result.error().cause == cause);
    }
    // 3 * 64 + 62 + 1 bytes: the longest there is
    const auto longest = name(label + "." + label + "." + label + "." + std::string(61, 'b') + ".");
    CHECK(longest.wire().size() == 255);
}

TEST_CASE("wire form is taken only whole and uncompressed") {
    using Bytes = std::vector<std::uint8_t>;
    CHECK(Name::from_wire(Bytes{0})->is_root());
    CHECK(Name::from_wire(Bytes{1, 'a', 0})->text() == "a.");
    for (const auto& wire : {Bytes{}, Bytes{1, 'a'}, Bytes{0, 0}, Bytes{1, 'a', 0xc0, 0},
                             Bytes{64, 'a', 0}, Bytes{5, 'a', 0}})
        CHECK_FALSE(Name::from_wire(wire));
}

TEST_CASE("comparing names ignores the case of ASCII letters and nothing else") {
    CHECK(name("WWW.Example.ORG.") == name("www.eXAMPLE.org."));
    CHECK_FALSE(name("\\192.") == name("\\224."));  // A and a with grave in Latin-1
    CHECK_FALSE(name("@.") == name("`."));
    CHECK_FALSE(name("a.b.") == name("a\\.b."));
}

TEST_CASE("below means at a label's boundary") {
    const Name zone = name("example.org.");
    CHECK(name("example.org.").is_at_or_below(zone));
    CHECK(name("a.EXAMPLE.org.").is_at_or_below(zone));
    CHECK_FALSE(name("badexample.org.").is_at_or_below(zone));
    CHECK_FALSE(name("org.").is_at_or_below(zone));
    CHECK_FALSE(name("a\\007example.org.").is_at_or_below(zone));
    CHECK(zone.is_at_or_below(Name()));
    CHECK(Name().is_at_or_below(Name()));
    CHECK_FALSE(Name().is_at_or_below(zone));
}

TEST_CASE("labels are counted without the root's") {
    CHECK(Name().label_count() == 0);
    CHECK(name("a.b.c.").label_count() == 3);
}
