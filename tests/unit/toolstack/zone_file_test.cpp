#include "toolstack/zone_file.hpp"

#include <catch2/catch.hpp>

namespace stemma::toolstack {

namespace {
std::string joined(const Zone& zone) {
    std::string text;
    for (const auto& chunk : zone.chunks)
        text += chunk;
    return text;
}
}  // namespace

TEST_CASE("the zone is named by the configuration, $ORIGIN or the first SOA, in that order") {
    const std::tuple<const char*, const char*, const char*> cases[] = {
        {"$ORIGIN Example.ORG.\n@ IN SOA a b 1 2 3 4 5\n", "", "example.org."},
        {"; note\n\n$TTL 60\n$origin example.org.\n", "", "example.org."},
        {"example.net. 3600 IN SOA a b 1 2 3 4 5\n", "", "example.net."},
        {"example.net. SOA a b 1 2 3 4 5\n", "", "example.net."},
        {"$ORIGIN example.org.\n", "example.com", "example.com."},
        {"@ IN SOA a b 1 2 3 4 5\n", "example.com.", "example.com."},
    };
    for (const auto& [text, origin, expected] : cases) {
        INFO(text);
        const auto zone = make_zone(text, origin);
        REQUIRE(zone);
        CHECK(zone->origin == expected);
        CHECK(joined(*zone) == text);
    }
}

TEST_CASE("a file from which no name can be told is an error with its line") {
    const std::tuple<std::string, std::size_t, const char*> cases[] = {
        {"", 0, "no $ORIGIN"},
        {"www IN A 1.2.3.4\n", 0, "no $ORIGIN"},
        {"; comment\n@ IN SOA a b 1 2 3 4 5\n", 2, "cannot be told"},
        {"$ORIGIN .\n", 0, "root zone"},
        {"$ORIGIN example\n", 1, "cannot be told"},
        {"$ORIGIN exa..mple.\n", 1, "cannot be told"},
        {std::string("$ORIGIN a.\nx\0y\n", 15), 2, "NUL"},
        {"$ORIGIN a.\n" + std::string(2000, 'x') + "\n", 2, "longer than 1998"},
        {std::string(zone_text_max + 1, '\n'), 0, "longer than"},
    };
    for (const auto& [text, line, cause] : cases) {
        const auto zone = make_zone(text, "");
        REQUIRE(!zone);
        CHECK(zone.error().line == line);
        CHECK_THAT(zone.error().cause, Catch::Contains(cause));
    }
}

TEST_CASE("chunks end at line ends, stay below 2,000 bytes and join to the text") {
    std::string text = "$ORIGIN example.org.\n";
    for (int i = 0; i < 2000; ++i)
        text += "host" + std::to_string(i) + " IN A 10.0.0.1\n";
    const std::string longest = std::string(1998, 'c') + '\n';
    text += ";" + longest.substr(1);
    text += "last IN A 10.0.0.2";  // no newline at the end of the file
    const auto zone = make_zone(text, "");
    REQUIRE(zone);
    CHECK(joined(*zone) == text);
    for (std::size_t i = 0; i < zone->chunks.size(); ++i) {
        CHECK(zone->chunks[i].size() < 2000);
        CHECK((zone->chunks[i].ends_with('\n') || i + 1 == zone->chunks.size()));
    }
    CHECK(zone->chunks.size() < text.size() / 1900 + 3);
}

TEST_CASE("the serial follows the content") {
    const auto a = make_zone("$ORIGIN a.\nx IN A 1.1.1.1\n", "");
    const auto b = make_zone("$ORIGIN a.\nx IN A 1.1.1.2\n", "");
    CHECK(a->serial == make_zone("$ORIGIN a.\nx IN A 1.1.1.1\n", "")->serial);
    CHECK(a->serial != b->serial);
}

TEST_CASE("a zone is known by its origin in lower case without the last dot") {
    CHECK(zone_name("Example.ORG.") == "example.org");
    CHECK(zone_name("example.org") == "example.org");
    for (const char* good :
         {".", "a", "a.b.", "_sip._tcp.example.org", "0/25.2.0.192.in-addr.arpa"}) {
        CHECK(is_domain_name(good));
    }
    for (const std::string& bad : std::vector<std::string>{"", "..", ".a", "a..b", "a b", "@",
                                                           std::string(64, 'a'), "a\\032b"}) {
        INFO(bad);
        CHECK(!is_domain_name(bad));
    }
}

}  // namespace stemma::toolstack
