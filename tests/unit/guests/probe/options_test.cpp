#include "probe/options.hpp"

#include <catch2/catch.hpp>

#include "../net/frames.hpp"

using namespace stemma::probe;
using stemma::net::test::ip;
using stemma::rt::Duration;

TEST_CASE("the words of the demo are understood") {
    const auto options = Options::parse(
        "address=vif0,10.0.1.2/24 gateway=10.0.1.1 resolver=10.0.0.53 "
        "resolve=www.example.org,ns.example.org repeat=1s stream=10.0.0.2:7 rate=50000 "
        "flows=50 to=10.0.0.53:53 passes=2 query=www.example.org timeout=3s ping=10.0.1.1 "
        "echo=7");
    REQUIRE(options);
    CHECK(options->address.interface.address == ip("10.0.1.2"));
    CHECK(options->gateway == ip("10.0.1.1"));
    CHECK(options->echo == 7);
    const auto& tasks = options->tasks;
    REQUIRE(tasks.resolve);
    CHECK(tasks.resolve->resolver == ip("10.0.0.53"));
    CHECK(tasks.resolve->names == std::vector<std::string>{"www.example.org", "ns.example.org"});
    CHECK(tasks.resolve->repeat == Duration::seconds(1));
    CHECK(tasks.resolve->timeout == Duration::seconds(3));
    CHECK(tasks.resolve->tries == 3);
    REQUIRE(tasks.stream);
    CHECK(tasks.stream->to == stemma::net::Ipv4Endpoint{ip("10.0.0.2"), 7});
    CHECK(tasks.stream->rate == 50'000);
    REQUIRE(tasks.flows);
    CHECK(tasks.flows->flows == 50);
    CHECK(tasks.flows->passes == 2);
    CHECK(tasks.flows->timeout == Duration::seconds(3));
    CHECK(tasks.flows->query == "www.example.org");
    CHECK(tasks.ping == ip("10.0.1.1"));
}

TEST_CASE("an address alone is enough, and names may stand in the store") {
    const auto alone = Options::parse("address=vif1,10.0.1.2/24");
    REQUIRE(alone);
    CHECK(alone->address.vif == 1);
    CHECK(!alone->tasks.resolve);
    const auto stored =
        Options::parse("address=vif0,10.0.1.2/24 resolver=10.0.0.53 resolve=@/stemma/names");
    REQUIRE(stored);
    CHECK(stored->tasks.names_node == "/stemma/names");
    CHECK(stored->tasks.resolve->names.empty());
}

TEST_CASE("each wrong word is named in the error") {
    struct Case {
        const char* words;
        const char* named;
    };
    const Case cases[] = {
        {"", "address"},
        {"address=10.0.1.2/24", "address"},
        {"address=vif0,10.0.1.2/24 gateway=10.0.2.1", "gateway"},
        {"address=vif0,10.0.1.2/24 gateway=x", "gateway"},
        {"address=vif0,10.0.1.2/24 echo=0", "echo"},
        {"address=vif0,10.0.1.2/24 echo=65536", "echo"},
        {"address=vif0,10.0.1.2/24 resolve=a.b", "resolve"},
        {"address=vif0,10.0.1.2/24 resolver=10.0.0.53 resolve=", "resolve"},
        {"address=vif0,10.0.1.2/24 resolver=10.0.0.53 resolve=a..b", "a..b"},
        {"address=vif0,10.0.1.2/24 resolver=10.0.0.53 resolve=@relative", "resolve"},
        {"address=vif0,10.0.1.2/24 resolver=x resolve=a", "resolver"},
        {"address=vif0,10.0.1.2/24 resolver=10.0.0.53 resolve=a repeat=1", "repeat"},
        {"address=vif0,10.0.1.2/24 resolver=10.0.0.53 resolve=a tries=0", "tries"},
        {"address=vif0,10.0.1.2/24 timeout=1s", "timeout"},
        {"address=vif0,10.0.1.2/24 stream=10.0.0.2", "stream"},
        {"address=vif0,10.0.1.2/24 rate=5", "rate"},
        {"address=vif0,10.0.1.2/24 stream=10.0.0.2:7 rate=0", "rate"},
        {"address=vif0,10.0.1.2/24 flows=50", "flows"},
        {"address=vif0,10.0.1.2/24 flows=0 to=10.0.0.2:7", "flows"},
        {"address=vif0,10.0.1.2/24 flows=30001 to=10.0.0.2:7", "flows"},
        {"address=vif0,10.0.1.2/24 flows=5 to=10.0.0.2:7 query=a,b", "query"},
        {"address=vif0,10.0.1.2/24 to=10.0.0.2:7", "to"},
        {"address=vif0,10.0.1.2/24 ping=all", "ping"},
        {"address=vif0,10.0.1.2/24 pong=10.0.0.1", "pong"},
    };
    for (const auto& c : cases) {
        INFO(c.words);
        const auto options = Options::parse(c.words);
        REQUIRE(!options);
        INFO(options.error());
        CHECK(options.error().find(c.named) != std::string::npos);
    }
}

TEST_CASE("a command has tasks alone") {
    CHECK(Tasks::parse("flows=5 to=10.0.0.2:7 turn=2")->turn == "2");
    CHECK(!Tasks::parse("address=vif0,10.0.1.2/24"));
    CHECK(Tasks::parse("ping=10.0.0.1")->ping == ip("10.0.0.1"));
}

TEST_CASE("names are separated by commas, blanks or lines, and bounded") {
    CHECK(parse_names("a,b\n c.d\t,\r\ne") == std::vector<std::string>{"a", "b", "c.d", "e"});
    CHECK(!parse_names(" \n"));
    std::string many;
    for (std::size_t i = 0; i < ResolveOptions::names_max; ++i)
        many += "n" + std::to_string(i) + ",";
    CHECK(parse_names(many));
    CHECK(!parse_names(many + "one-more"));
}

TEST_CASE("times have a unit") {
    CHECK(parse_duration("1s") == Duration::seconds(1));
    CHECK(parse_duration("250ms") == Duration::milliseconds(250));
    CHECK(parse_duration("50us") == Duration::microseconds(50));
    CHECK(parse_duration("3600s") == Duration::seconds(3600));
    for (const char* text :
         {"", "1", "s", "0s", "-1s", "1.5s", "3601s", "1m", "01s", "99999999999us"})
        CHECK(!parse_duration(text));
}
