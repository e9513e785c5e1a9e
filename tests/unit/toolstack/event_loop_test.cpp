#include "toolstack/agent/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace stemma::toolstack {

namespace {
Descriptor ready_descriptor() {
    return Descriptor(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC));
}
}  // namespace

TEST_CASE("a handler that was removed is not called for an event already fetched") {
    auto loop = *EventLoop::open();
    const Descriptor first = ready_descriptor();
    const Descriptor second = ready_descriptor();
    int calls = 0;
    const auto handler = [&](std::uint32_t) {
        ++calls;
        loop->remove(first.get());
        loop->remove(second.get());
        loop->after(std::chrono::milliseconds(0), [&] { loop->stop(); });
    };
    REQUIRE(loop->add(first.get(), EPOLLIN, handler));
    REQUIRE(loop->add(second.get(), EPOLLIN, handler));
    REQUIRE(loop->run());
    CHECK(calls == 1);
}

TEST_CASE("a descriptor number used again does not get the old one's events") {
    auto loop = *EventLoop::open();
    Descriptor first = ready_descriptor();
    Descriptor second = ready_descriptor();
    bool wrong = false;
    REQUIRE(loop->add(first.get(), EPOLLIN, [&](std::uint32_t) {
        loop->remove(second.get());
        second.reset(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));  // not readable
        REQUIRE(second.get() != -1);
        loop->add(second.get(), EPOLLIN, [&](std::uint32_t) { wrong = true; });
        loop->remove(first.get());
        loop->after(std::chrono::milliseconds(0), [&] { loop->stop(); });
    }));
    REQUIRE(loop->add(second.get(), EPOLLIN, [&](std::uint32_t) { loop->remove(second.get()); }));
    REQUIRE(loop->run());
    CHECK(!wrong);
}

TEST_CASE("timers fire in order of their time, cancelled ones not") {
    auto loop = *EventLoop::open();
    std::string order;
    loop->after(std::chrono::milliseconds(3), [&] {
        order += 'c';
        loop->stop();
    });
    loop->after(std::chrono::milliseconds(1), [&] { order += 'a'; });
    const auto cancelled = loop->after(std::chrono::milliseconds(2), [&] { order += 'x'; });
    loop->after(std::chrono::milliseconds(2), [&] { order += 'b'; });
    loop->cancel(cancelled);
    REQUIRE(loop->run());
    CHECK(order == "abc");
}

}  // namespace stemma::toolstack
