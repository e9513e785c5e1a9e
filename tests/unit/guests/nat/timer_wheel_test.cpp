#include "nat/timer_wheel.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "packets.hpp"

namespace stemma::nat {

namespace {

std::vector<std::uint32_t> fired(TimerWheel& wheel, Tick now) {
    std::vector<std::uint32_t> timers;
    CHECK(wheel.advance(now, 1000, [&](std::uint32_t timer) { timers.push_back(timer); }));
    return timers;
}

}  // namespace

TEST_CASE("A timer fires at its tick and not before") {
    TimerWheel wheel(4, 100);
    wheel.schedule(2, 105);
    CHECK(wheel.is_scheduled(2));
    CHECK(fired(wheel, 104).empty());
    CHECK(fired(wheel, 105) == std::vector<std::uint32_t>{2});
    CHECK_FALSE(wheel.is_scheduled(2));
    CHECK(fired(wheel, 10'000).empty());
}

TEST_CASE("A timer that is already due fires in the next advance") {
    TimerWheel wheel(4, 100);
    CHECK(fired(wheel, 200).empty());
    wheel.schedule(0, 50);
    CHECK(fired(wheel, 201) == std::vector<std::uint32_t>{0});
}

TEST_CASE("A cancelled timer does not fire") {
    TimerWheel wheel(4, 0);
    wheel.schedule(1, 5);
    wheel.schedule(3, 5);
    wheel.cancel(1);
    wheel.cancel(1);
    CHECK(fired(wheel, 5) == std::vector<std::uint32_t>{3});
}

TEST_CASE("A timer beyond the horizon fires early and can be scheduled again") {
    TimerWheel wheel(1, 0);
    constexpr Tick due = 5 * TimerWheel::slots;
    wheel.schedule(0, due);
    CHECK(fired(wheel, TimerWheel::slots - 2).empty());
    Tick last = 0;
    for (Tick now = TimerWheel::slots; now <= due; now += 100) {
        wheel.advance(now, 10, [&](std::uint32_t timer) {
            last = now;
            if (now < due) wheel.schedule(timer, due);
        });
    }
    wheel.advance(due, 10, [&](std::uint32_t) { last = due; });
    CHECK(last == due);
}

TEST_CASE("Due timers beyond the budget wait for the next call") {
    TimerWheel wheel(10, 0);
    for (std::uint32_t timer = 0; timer < 10; ++timer)
        wheel.schedule(timer, 3 + timer % 2);
    int count = 0;
    CHECK_FALSE(wheel.advance(9, 4, [&](std::uint32_t) { ++count; }));
    CHECK(count == 4);
    CHECK(wheel.advance(9, 6, [&](std::uint32_t) { ++count; }));
    CHECK(count == 10);
}

TEST_CASE("The wheel fires what a sorted list of timers would") {
    constexpr std::uint32_t timers = 300;
    for (std::uint32_t seed = 1; seed <= 4; ++seed) {
        test::Random random(seed);
        Tick now = seed * 1'000'000;
        TimerWheel wheel(timers, now);
        std::map<std::uint32_t, Tick> model;
        for (int step = 0; step < 20'000; ++step) {
            const std::uint32_t timer = random() % timers;
            const auto action = random() % 10;
            if (action < 5) {
                if (!model.contains(timer)) {
                    const Tick due = now + random() % (TimerWheel::slots - 1);
                    wheel.schedule(timer, due);
                    model[timer] = due;
                }
            } else if (action < 7) {
                wheel.cancel(timer);
                model.erase(timer);
            } else {
                now += action == 9 && random() % 50 == 0 ? 20'000 : random() % 40;
                std::vector<std::pair<Tick, std::uint32_t>> expected;
                for (const auto& [id, due] : model) {
                    if (due <= now) expected.push_back({due, id});
                }
                std::sort(expected.begin(), expected.end());
                std::vector<std::pair<Tick, std::uint32_t>> got;
                REQUIRE(wheel.advance(now, timers, [&](std::uint32_t id) {
                    got.push_back({model.at(id), id});
                }));
                // One that was due when it was scheduled may come a tick later than the others.
                std::sort(got.begin(), got.end());
                REQUIRE(got == expected);
                for (const auto& [due, id] : got)
                    model.erase(id);
            }
            REQUIRE(wheel.scheduled() == model.size());
        }
    }
}

}  // namespace stemma::nat
