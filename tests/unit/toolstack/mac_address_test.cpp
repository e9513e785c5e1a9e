#include "toolstack/mac_address.hpp"

#include <catch2/catch.hpp>

#include <set>

#include "toolstack/fnv_hash.hpp"

namespace stemma::toolstack {

TEST_CASE("a hardware address reads back in lower case") {
    CHECK(to_string(*parse_mac("00:16:3E:0A:bc:ff")) == "00:16:3e:0a:bc:ff");
    for (const char* bad : {"", "00:16:3e:0a:bc", "00:16:3e:0a:bc:f", "00-16-3e-0a-bc-ff",
                            "00:16:3e:0a:bc:gg", "00:16:3e:0a:bc:ff:"}) {
        INFO(bad);
        CHECK(!parse_mac(bad));
    }
}

TEST_CASE("a generated address is Xen's, stable, and differs by guest, index and attempt") {
    std::set<MacAddress> seen;
    for (const char* guest : {"nat0", "nat1", "dns0"}) {
        for (unsigned index = 0; index < 4; ++index) {
            for (unsigned attempt = 0; attempt < 3; ++attempt) {
                const auto mac = generated_mac(guest, index, attempt);
                CHECK(to_string(mac).starts_with("00:16:3e:"));
                CHECK(!mac.is_multicast());
                CHECK(mac == generated_mac(guest, index, attempt));
                CHECK(seen.insert(mac).second);
            }
        }
    }
    // A value that must never change: it is in the configuration of those who upgrade.
    CHECK(to_string(generated_mac("nat0", 0)) == "00:16:3e:44:7d:63");
}

TEST_CASE("the hash is FNV-1a of 64 bits") {
    CHECK(fnv_hash("") == 0xcbf29ce484222325);
    CHECK(fnv_hash("a") == 0xaf63dc4c8601ec8c);
    CHECK(fnv_hash("foobar") == 0x85944171f73967e8);
}

}  // namespace stemma::toolstack
