#include "net/token_bucket.hpp"

#include <catch2/catch.hpp>

using stemma::net::TokenBucket;
using stemma::rt::Duration;
using stemma::rt::Instant;

TEST_CASE("a token bucket gives its burst, then one token each interval") {
    TokenBucket bucket(Duration::milliseconds(10), 3);
    Instant now{5};
    for (int i = 0; i < 3; ++i)
        CHECK(bucket.take(now));
    CHECK(!bucket.take(now));
    now = now + Duration::milliseconds(9);
    CHECK(!bucket.take(now));
    now = now + Duration::milliseconds(1);
    CHECK(bucket.take(now));
    CHECK(!bucket.take(now));
    now = now + Duration::seconds(100);
    for (int i = 0; i < 3; ++i)
        CHECK(bucket.take(now));
    CHECK(!bucket.take(now));
}
