#include "net/congestion_window.hpp"

#include <catch2/catch.hpp>

using stemma::net::CongestionWindow;

TEST_CASE("the window doubles in slow start and grows by a segment a round trip behind it") {
    CongestionWindow c;
    c.start(1000);
    CHECK(c.size() == 3000);
    for (int i = 0; i < 3; ++i)
        c.acknowledged(1000);
    CHECK(c.size() == 6000);
    c.timed_out(20'000);
    CHECK(c.size() == 1000);
    while (c.size() < 10'000)
        c.acknowledged(1000);
    CHECK(c.size() == 10'000);
    for (int i = 0; i < 10; ++i)
        c.acknowledged(1000);
    CHECK(c.size() > 10'900);
    CHECK(c.size() <= 11'000);
}

TEST_CASE("three duplicates halve the window, and recovery ends at the threshold") {
    CongestionWindow c;
    c.start(1000);
    c.enter_recovery(10'000);
    CHECK(c.recovering());
    CHECK(c.size() == 8000);
    c.duplicate_in_recovery();
    CHECK(c.size() == 9000);
    c.partial_acknowledgement(2000);
    CHECK(c.size() == 8000);
    c.leave_recovery();
    CHECK(!c.recovering());
    CHECK(c.size() == 5000);
}

TEST_CASE("the window is never below a segment nor without bound") {
    CongestionWindow c;
    c.start(1000);
    c.enter_recovery(0);
    c.partial_acknowledgement(1'000'000);
    CHECK(c.size() == 1000);
    c.leave_recovery();
    CHECK(c.size() == 2000);
    for (int i = 0; i < 100'000; ++i)
        c.acknowledged(1000);
    CHECK(c.size() <= 1U << 20);
}
