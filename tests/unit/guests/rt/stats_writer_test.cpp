#include "rt/stats_writer.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"

using namespace stemma;
using namespace stemma::rt;

TEST_CASE("counters are written once, and again a second later only if they changed") {
    FakeStore store;
    StatsWriter writer(store);
    std::uint64_t sent = 5, dropped = 0;
    REQUIRE(writer.add("sent", sent));
    REQUIRE(writer.add("port/0/dropped", dropped));
    Instant now{1000};
    const auto next = writer.run(now);
    CHECK(next == now + Duration::seconds(1));
    store.run();
    CHECK(store.value("data/net/stats/sent") == "5");
    CHECK(store.value("data/net/stats/port/0/dropped") == "0");
    CHECK(store.requests == 2);

    sent = 6;
    writer.run(now + Duration::milliseconds(999));
    CHECK(store.requests == 2);
    writer.run(next);
    store.run();
    CHECK(store.requests == 3);
    CHECK(store.value("data/net/stats/sent") == "6");
}

TEST_CASE(
    "a writer that has written all wants no further call, and writes the next change at once") {
    FakeStore store;
    StatsWriter writer(store);
    std::uint64_t sent = 5;
    REQUIRE(writer.add("sent", sent));
    Instant now = writer.run({0});
    store.run();
    CHECK(writer.run(now) == Instant::never());
    CHECK(writer.run(now + Duration::seconds(60)) == Instant::never());
    CHECK(store.requests == 1);
    sent = 6;
    now = now + Duration::seconds(70);
    CHECK(writer.run(now) == now + Duration::seconds(1));
    CHECK(store.requests == 2);
}

TEST_CASE("a refused counter is tried again, a waiting one is not written twice") {
    FakeStore store;
    StatsWriter writer(store);
    std::uint64_t value = 1;
    REQUIRE(writer.add("value", value));
    store.fail_next(xs::MessageType::write, xs::Error::enospc);
    auto now = writer.run({0});
    store.run();
    CHECK_FALSE(store.value("data/net/stats/value"));
    now = writer.run(now);
    value = 2;
    now = writer.run(now);  // the answer has not come
    CHECK(store.requests == 2);
    store.run();
    writer.run(now);
    store.run();
    CHECK(store.value("data/net/stats/value") == "2");
}

TEST_CASE("without a store the writer rests, and it takes no more counters than it says") {
    FakeStore store;
    StatsWriter writer(store);
    const std::uint64_t value = 0;
    for (std::size_t i = 0; i < StatsWriter::counters_max; ++i)
        REQUIRE(writer.add("c" + std::to_string(i), value));
    CHECK_FALSE(writer.add("one more", value));
    store.disconnect();
    CHECK(writer.run({0}) == Instant::never());
}
