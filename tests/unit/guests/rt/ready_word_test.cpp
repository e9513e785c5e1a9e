#include "rt/ready_word.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"

using namespace stemma;
using namespace stemma::rt;

TEST_CASE("a guest that does not serve yet says nothing") {
    FakeStore store;
    ReadyWord word(store);
    CHECK(word.run({0}) == Instant::never());
    store.run();
    CHECK_FALSE(store.value("data/ready"));
    CHECK_FALSE(word.said());
}

TEST_CASE("it says so once, and knows when the store has taken it") {
    FakeStore store;
    ReadyWord word(store);
    word.serves();
    CHECK(word.run({0}) == Instant::never());
    CHECK_FALSE(word.said());
    store.run();
    CHECK(store.value("data/ready") == "1");
    CHECK(word.said());
    word.serves();
    CHECK(word.run(Instant{0} + Duration::seconds(9)) == Instant::never());
    CHECK(store.requests == 1);
}

TEST_CASE("what the store refuses is tried again a second later") {
    FakeStore store;
    ReadyWord word(store);
    word.serves();
    store.fail_next(xs::MessageType::write, xs::Error::enospc);
    word.run({0});
    store.run();
    CHECK_FALSE(word.said());
    const auto next = word.run(Instant{0} + Duration::milliseconds(999));
    CHECK(next == Instant{0} + ReadyWord::period);
    CHECK(store.requests == 1);
    word.run(next);
    store.run();
    CHECK(word.said());
}
