#include "nat/port_pool.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "packets.hpp"

namespace stemma::nat {

TEST_CASE("A free port is kept") {
    PortPool pool;
    CHECK(pool.take_near(Protocol::udp, 4000, 7) == std::uint16_t{4000});
    CHECK(pool.is_taken(4000));
}

TEST_CASE("A taken port gives the next free one from the start, in its class") {
    PortPool pool;
    pool.take(4000);
    // 1024 + 10 is where the search starts
    CHECK(pool.take_near(Protocol::udp, 4000, 10) == std::uint16_t{1034});
    CHECK(pool.take_near(Protocol::udp, 4000, 10) == std::uint16_t{1035});
    pool.give_back(4000);
    CHECK(pool.take_near(Protocol::udp, 4000, 10) == std::uint16_t{4000});
}

TEST_CASE("The search wraps within the class") {
    PortPool pool;
    pool.take(65535);
    pool.take(2000);
    // the last port of the class is taken, so its first comes next
    CHECK(pool.take_near(Protocol::tcp, 2000, 65535 - 1024) == std::uint16_t{1024});
}

TEST_CASE("Each class gives all of its ports once, and none of the other's") {
    struct Case {
        Protocol protocol;
        std::uint16_t wanted;
        std::uint32_t first;
        std::uint32_t last;
    };
    for (const auto& [protocol, wanted, first, last] :
         {Case{Protocol::udp, 53, 1, 1023}, Case{Protocol::tcp, 40000, 1024, 65535},
          Case{Protocol::icmp, 53, 0, 65535}}) {
        CAPTURE(wanted);
        PortPool pool;
        test::Random random(wanted);
        std::set<std::uint16_t> given;
        for (std::uint32_t i = first; i <= last; ++i) {
            const auto port =
                pool.take_near(protocol, wanted, static_cast<std::uint16_t>(random()));
            REQUIRE(port);
            REQUIRE(*port >= first);
            REQUIRE(*port <= last);
            REQUIRE(given.insert(*port).second);
        }
        CHECK_FALSE(pool.take_near(protocol, wanted, 3));
        pool.give_back(wanted);
        CHECK(pool.take_near(protocol, wanted, 3) == wanted);
    }
}

}  // namespace stemma::nat
