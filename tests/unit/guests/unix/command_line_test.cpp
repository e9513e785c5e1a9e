#include "unix/command_line.hpp"

#include <catch2/catch.hpp>

#include "net/text.hpp"

using namespace stemma;

namespace {
const std::vector<std::string> good{"--domain=3",   "--ring=4",
                                    "--event-in=5", "--event-out=6",
                                    "--console=7",  "--port=0:8:02:16:3e:00:00:01",
                                    "--state=10",   "--port=1:9:02:16:3e:00:00:02:9000",
                                    "--",           "outside=vif0,10.0.0.1/24",
                                    "--mirror=off"};

std::expected<hosted::CommandLine, hosted::EdgeError> parse(const std::vector<std::string>& words) {
    std::vector<const char*> pointers;
    for (const auto& word : words)
        pointers.push_back(word.c_str());
    return hosted::CommandLine::parse(pointers);
}
}  // namespace

TEST_CASE("the agent's command line is taken apart, the guest's own words are kept") {
    const auto line = parse(good);
    REQUIRE(line);
    CHECK(line->domain == 3);
    CHECK(line->ring == 4);
    CHECK(line->event_in == 5);
    CHECK(line->event_out == 6);
    CHECK(line->console == 7);
    CHECK(line->state == 10);
    REQUIRE(line->ports.size() == 2);
    CHECK(line->ports[0].socket == 8);
    CHECK(line->ports[0].mtu == 1500);
    CHECK(line->ports[1].socket == 9);
    CHECK(line->ports[1].mac == *net::parse_mac("02:16:3e:00:00:02"));
    CHECK(line->ports[1].mtu == 9000);
    CHECK(line->arguments == "outside=vif0,10.0.0.1/24 --mirror=off");
}

TEST_CASE("no state, no ports and no words are allowed") {
    const auto line =
        parse({"--domain=0", "--ring=4", "--event-in=5", "--event-out=6", "--console=7"});
    REQUIRE(line);
    CHECK_FALSE(line->state);
    CHECK(line->ports.empty());
    CHECK(line->arguments.empty());
}

TEST_CASE("each required option that is missing is named") {
    for (std::size_t i = 0; i < 5; ++i) {
        auto words = good;
        const auto name = words[i].substr(0, words[i].find('='));
        words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
        const auto line = parse(words);
        REQUIRE_FALSE(line);
        CHECK(line.error().text == "option " + name + ": missing");
    }
}

TEST_CASE("an option that is wrong is named with what is wrong about it") {
    struct Case {
        const char* word;
        const char* why;
    };
    const Case cases[] = {
        {"--ring", "not of the form --name=value"},
        {"ring=1", "unknown"},
        {"--rings=1", "unknown"},
        {"--ring=1", "given twice"},
        {"--state=x", "given twice"},
        {"--port=2", "no socket descriptor after the index"},
        {"--port=x:9:02:16:3e:00:00:03", "the port's index is not a number from 0 to 7"},
        {"--port=8:9:02:16:3e:00:00:03", "the port's index is not a number from 0 to 7"},
        {"--port=1:9:02:16:3e:00:00:03", "port indexes must run 0, 1, 2, ..."},
        {"--port=3:9:02:16:3e:00:00:03", "port indexes must run 0, 1, 2, ..."},
        {"--port=2:-1:02:16:3e:00:00:03", "no socket descriptor after the index"},
        {"--port=2:9:02:16:3e:00:00", "no host's MAC address after the descriptor"},
        {"--port=2:9:03:16:3e:00:00:03", "no host's MAC address after the descriptor"},
        {"--port=2:9:02:16:3e:00:00:03:575", "the MTU is not a number from 576 to 9000"},
        {"--port=2:9:02:16:3e:00:00:03:", "the MTU is not a number from 576 to 9000"},
        {"--port=2:9:02:16:3e:00:00:03x", "the MTU is not a number from 576 to 9000"},
    };
    for (const auto& [word, why] : cases) {
        auto words = good;
        words.insert(words.begin() + 8, word);
        const auto line = parse(words);
        REQUIRE_FALSE(line);
        CHECK(line.error().text == "option " + std::string(word) + ": " + why);
    }
    auto words = good;
    words[0] = "--domain=32752";  // DOMID_FIRST_RESERVED
    CHECK(parse(words).error().text == "option --domain: not a domain's number");
    words[0] = "--domain=99999999999";
    CHECK(parse(words).error().text == "option --domain=99999999999: not a number");
}
