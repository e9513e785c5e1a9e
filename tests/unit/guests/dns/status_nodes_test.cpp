#include "dns/status_nodes.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"

using namespace stemma;
using dns::StatusNodes;

TEST_CASE("status is written when it changed, at most once a second") {
    rt::FakeStore store;
    StatusNodes nodes(store);
    rt::Instant now{};
    nodes.set(StatusNodes::status, "waiting");
    nodes.run(now);
    store.run();
    CHECK(store.value("data/net/dns/status") == "waiting");
    CHECK(store.value("data/net/dns/error") == "");

    const auto before = store.requests;
    nodes.set(StatusNodes::status, "serving");
    nodes.set(StatusNodes::soa, "7");
    const auto next = nodes.run(now + rt::Duration::milliseconds(500));
    CHECK(next == now + StatusNodes::period);
    CHECK(store.requests == before);
    nodes.run(next);
    store.run();
    CHECK(store.requests == before + 2);
    CHECK(store.value("data/net/dns/status") == "serving");
    CHECK(store.value("data/net/dns/soa") == "7");
    CHECK(nodes.run(next + rt::Duration::seconds(5)) == rt::Instant::never());
}

TEST_CASE("what the store refuses is tried again") {
    rt::FakeStore store;
    StatusNodes nodes(store);
    nodes.set(StatusNodes::serial, "5");
    store.fail_next(xs::MessageType::write, xs::Error::enospc, 5);
    nodes.run({});
    store.run();
    CHECK_FALSE(store.value("data/net/dns/serial"));
    nodes.run(rt::Instant{} + StatusNodes::period);
    store.run();
    CHECK(store.value("data/net/dns/serial") == "5");
}

TEST_CASE("a value set while its write is under way is written after it") {
    rt::FakeStore store;
    StatusNodes nodes(store);
    nodes.set(StatusNodes::serial, "5");
    nodes.run({});
    nodes.set(StatusNodes::serial, "6");
    nodes.run(rt::Instant{} + StatusNodes::period);
    store.run();
    CHECK(store.value("data/net/dns/serial") == "5");
    nodes.run(rt::Instant{} + StatusNodes::period * 2);
    store.run();
    CHECK(store.value("data/net/dns/serial") == "6");
}

TEST_CASE("long text is cut") {
    rt::FakeStore store;
    StatusNodes nodes(store);
    nodes.set(StatusNodes::error, std::string(5000, 'x'));
    nodes.run({});
    store.run();
    CHECK(store.value("data/net/dns/error")->size() == StatusNodes::value_max);
}
