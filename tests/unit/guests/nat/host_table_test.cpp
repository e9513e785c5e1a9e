#include "nat/host_table.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "packets.hpp"

namespace stemma::nat {

TEST_CASE("The host table holds what a map would") {
    constexpr std::uint32_t capacity = 64;
    HostTable hosts(capacity, {1, 2});
    std::map<std::uint32_t, std::uint32_t> model;
    test::Random random(3);
    for (int step = 0; step < 50'000; ++step) {
        const net::Ipv4Address address{random() % 100};
        if (random() % 2 == 0) {
            if (model.size() == capacity && !model.contains(address.value)) continue;
            const auto host = hosts.find_or_add(address);
            REQUIRE(hosts[host].address == address);
            REQUIRE(hosts[host].mappings++ == model[address.value]++);
        } else if (model.contains(address.value)) {
            const auto host = hosts.find(address);
            REQUIRE(host != HashChains::none);
            --hosts[host].mappings;
            hosts.release_if_unused(host);
            if (--model[address.value] == 0) model.erase(address.value);
        } else {
            REQUIRE(hosts.find(address) == HashChains::none);
        }
        REQUIRE(hosts.size() == model.size());
    }
}

}  // namespace stemma::nat
