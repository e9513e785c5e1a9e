#include "net/tcp_sequence.hpp"

#include <catch2/catch.hpp>

using namespace stemma::net;

TEST_CASE("sequence numbers compare across the wrap") {
    CHECK(before(1, 2));
    CHECK(!before(2, 2));
    CHECK(before(0xffffffff, 0));
    CHECK(after(5, 0xfffffff0));
    CHECK(later(0xffffffff, 3) == 3);
    CHECK(later(7, 3) == 7);
}
