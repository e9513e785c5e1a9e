#include "xen/xen_stats.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "fake_store.hpp"
#include "xs_wire/path.hpp"

using namespace stemma;
using namespace stemma::xen;
using Kind = XenCounters::Kind;
using rt::Duration;
using rt::Instant;

namespace {

// The edge's loop about XenStats: what goes to the store and comes from it costs hypercalls and
// events, and so does sleep.
struct Edge {
    XenCounters counters;
    rt::FakeStore store;
    XenStats stats{store, counters};
    Instant now{};
    std::uint64_t frames = 0;

    // Turns until there is only the time to wait for; that time.
    Instant turns() {
        while (true) {
            const std::size_t asked = store.requests;
            const Instant next = stats.run(now, frames);
            if (store.requests != asked) ++counters.hypercalls[Kind::event_channel];
            ++counters.hypercalls[Kind::sched];
            if (store.run() == 0) return next;
            ++counters.events;
        }
    }
    std::uint64_t node(std::string_view name) const {
        return std::stoull(store.value("data/xen/" + std::string(name)).value_or("999999"));
    }
};

}  // namespace

TEST_CASE("what the start cost is written once the guest is ready, and nothing before") {
    Edge edge;
    edge.counters.hypercalls = {2, 0, 9, 4, 0};
    edge.stats.first_request(1'500'000);
    edge.counters.hypercalls[Kind::event_channel] += 7;
    edge.frames = 3;
    CHECK(edge.turns() == Instant::never());
    CHECK(edge.store.requests == 0);
    edge.counters.hypercalls[Kind::sched] = 0;

    CHECK_FALSE(edge.stats.is_ready());
    edge.stats.ready(9'000'000);
    CHECK(edge.stats.is_ready());
    edge.turns();
    CHECK(edge.node("start/store-ns") == 1'500'000);
    CHECK(edge.node("start/store-hypercalls") == 15);
    CHECK(edge.node("start/ready-ns") == 9'000'000);
    CHECK(edge.node("start/ready-hypercalls") == 22);
    CHECK(edge.node("stats/memory-op") == 9);
    CHECK(edge.node("stats/hvm-op") == 4);
    CHECK(edge.node("stats/frames") == 3);
}

TEST_CASE("an idle guest writes nothing, though to write has moved the counters") {
    Edge edge;
    edge.stats.ready(1);
    Instant next = edge.turns();
    std::size_t sleeps = 0;
    for (; next != Instant::never() && sleeps < 10; ++sleeps) {
        edge.now = next;
        next = edge.turns();
    }
    CHECK(next == Instant::never());
    CHECK(sleeps <= 2);
    CHECK(edge.node("stats/hypercalls") < edge.counters.all_hypercalls());

    // woken by the store alone, an hour later
    const std::size_t requests = edge.store.requests;
    edge.now = edge.now + Duration::seconds(3600);
    edge.counters.events += 5;
    CHECK(edge.turns() == Instant::never());
    CHECK(edge.store.requests == requests);
}

TEST_CASE("after a burst the nodes hold what it cost, a second after its last frame") {
    Edge edge;
    edge.stats.ready(1);
    edge.turns();
    edge.now = edge.now + Duration::seconds(10);
    for (int turn = 0; turn < 30; ++turn) {
        edge.now = edge.now + Duration::milliseconds(100);
        edge.frames += 4;
        edge.counters.hypercalls[Kind::event_channel] += 2;
        edge.counters.events += 1;
        edge.turns();
    }
    const XenCounters last = edge.counters;
    Instant next = edge.turns();
    while (next != Instant::never()) {
        CHECK(next <= edge.now + Duration::seconds(1));
        edge.now = next;
        next = edge.turns();
    }
    CHECK(edge.node("stats/frames") == 120);
    // but for what its own last writes and sleeps have cost
    CHECK(edge.node("stats/event-channel-op") <= last.hypercalls[Kind::event_channel]);
    CHECK(edge.node("stats/event-channel-op") + 1 >= last.hypercalls[Kind::event_channel]);
    CHECK(edge.node("stats/events") + 1 >= last.events);
    CHECK(edge.node("stats/hypercalls") ==
          edge.node("stats/event-channel-op") + edge.node("stats/sched-op"));
}

TEST_CASE("while frames move the nodes are written once a second, and no more often") {
    Edge edge;
    edge.stats.ready(1);
    edge.turns();
    const std::size_t before = edge.store.requests;
    for (int turn = 0; turn < 100; ++turn) {
        edge.now = edge.now + Duration::milliseconds(100);
        ++edge.frames;
        edge.turns();
    }
    // hypercalls, two kinds of them, events, frames
    CHECK(edge.store.requests - before <= 10 * 5);
    CHECK(edge.store.requests - before >= 9 * 4);
}

TEST_CASE("the nodes' names are legal, and few enough for a stock quota") {
    Edge edge;
    edge.stats.ready(1);
    edge.turns();
    CHECK(edge.store.requests == 12);
    for (const auto& [path, value] : edge.store.tree())
        CHECK(xs::is_relative_path(path));
}
