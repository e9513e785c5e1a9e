#include "net/retransmission_timeout.hpp"

#include <catch2/catch.hpp>

using stemma::net::RetransmissionTimeout;
using stemma::rt::Duration;

TEST_CASE("the timeout follows RFC 6298's formulas within its bounds") {
    RetransmissionTimeout t;
    CHECK(t.value() == Duration::seconds(1));
    t.measured(Duration::milliseconds(400));
    CHECK(t.value() == Duration::milliseconds(1200));  // R + 4 * R/2
    t.measured(Duration::milliseconds(800));
    // variation 3/4 * 200 + 1/4 * 400 = 250, smoothed 7/8 * 400 + 1/8 * 800 = 450
    CHECK(t.value() == Duration::milliseconds(1450));
    t.back_off();
    CHECK(t.value() == Duration::milliseconds(2900));
    for (int i = 0; i < 10; ++i)
        t.back_off();
    CHECK(t.value() == Duration::seconds(60));
    t.forget_back_off();
    CHECK(t.value() == Duration::milliseconds(1450));
    for (int i = 0; i < 100; ++i)
        t.measured(Duration::microseconds(50));
    CHECK(t.value() == RetransmissionTimeout::shortest);
}

TEST_CASE("without a measurement a forgotten back-off is the first timeout") {
    RetransmissionTimeout t;
    t.back_off();
    t.forget_back_off();
    CHECK(t.value() == RetransmissionTimeout::first);
}
