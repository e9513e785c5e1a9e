#include "probe/report.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"

using stemma::probe::Report;
using stemma::rt::Duration;
using stemma::rt::FakeStore;
using stemma::rt::Instant;
namespace xs = stemma::xs;

TEST_CASE("only what changed is written, at most once a second") {
    FakeStore store;
    Report report(store);
    Instant now{0};
    CHECK(report.run(now) == Instant::never());
    report.set("stream/state", "established");
    report.set("stream/sent", std::uint64_t{5});
    report.run(now);
    store.run();
    CHECK(store.value("data/probe/stream/state") == "established");
    CHECK(store.value("data/probe/stream/sent") == "5");
    CHECK(store.requests == 2);
    report.set("stream/sent", std::uint64_t{6});
    report.set("stream/state", "established");
    now = now + Duration::milliseconds(500);
    CHECK(report.run(now) == Instant{0} + Duration::seconds(1));
    CHECK(store.requests == 2);
    now = now + Duration::milliseconds(500);
    report.run(now);
    store.run();
    CHECK(store.requests == 3);
    CHECK(store.value("data/probe/stream/sent") == "6");
}

TEST_CASE("what the store refuses is tried again, and too much is cut") {
    FakeStore store;
    Report report(store);
    Instant now{0};
    store.fail_next(xs::MessageType::write, xs::Error::enospc);
    report.set("a", std::string(5000, 'x'));
    report.run(now);
    store.run();
    CHECK(!store.value("data/probe/a"));
    now = now + Duration::seconds(1);
    report.run(now);
    store.run();
    CHECK(store.value("data/probe/a")->size() == Report::value_max);
    for (int i = 0; i < 200; ++i)
        report.set("n" + std::to_string(i), std::uint64_t{1});
    now = now + Duration::seconds(1);
    report.run(now);
    store.run();
    CHECK(store.children("data/probe").size() == Report::nodes_max);
}
