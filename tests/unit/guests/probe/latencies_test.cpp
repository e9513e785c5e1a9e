#include "probe/latencies.hpp"

#include <catch2/catch.hpp>

using stemma::probe::Latencies;
using stemma::rt::Duration;

TEST_CASE("percentiles are the nearest rank") {
    Latencies l;
    CHECK(l.text() == "none");
    CHECK(l.percentile(50) == 0);
    for (int i = 200; i > 0; --i)
        l.add(Duration::microseconds(i));
    CHECK(l.percentile(0) == 1);
    CHECK(l.percentile(50) == 100);
    CHECK(l.percentile(99) == 198);
    CHECK(l.percentile(100) == 200);
    CHECK(l.text() == "min 1, median 100, p99 198, max 200 us");
    l.add(Duration::microseconds(0));
    CHECK(l.percentile(0) == 0);
    l.clear();
    l.add(Duration::seconds(1));
    CHECK(l.text() == "min 1000000, median 1000000, p99 1000000, max 1000000 us");
}
