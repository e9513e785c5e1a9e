#include "nat/fragmenter.hpp"

#include <catch2/catch.hpp>

#include "packets.hpp"

namespace stemma::nat {

using namespace test;

TEST_CASE("Fragments cover the packet, fit the MTU and begin at multiples of eight") {
    test::Random random(5);
    for (int i = 0; i < 500; ++i) {
        auto builder = udp("10.0.1.2:4000", "10.0.0.53:53").with_payload(random() % 4000);
        builder.header.more_fragments = random() % 2 == 0;
        builder.header.fragment_offset = static_cast<std::uint16_t>(random() % 1000 * 8);
        const Bytes packet = builder;
        const auto header = *net::Ipv4Header::read(packet);
        const std::size_t mtu = 68 + random() % 1500;
        Bytes together;
        bool last_seen = false;
        split_packet(packet, header, mtu,
                     [&](const net::Ipv4Header& part, std::span<const std::uint8_t> payload) {
                         REQUIRE(part.total_length <= mtu);
                         REQUIRE(part.total_length == 20 + payload.size());
                         REQUIRE(part.fragment_offset == header.fragment_offset + together.size());
                         REQUIRE(part.fragment_offset % 8 == 0);
                         REQUIRE_FALSE(last_seen);
                         together.insert(together.end(), payload.begin(), payload.end());
                         const bool is_last = together.size() + 20 == packet.size();
                         REQUIRE(part.more_fragments == (header.more_fragments || !is_last));
                         last_seen = is_last;
                     });
        REQUIRE(together == Bytes(packet.begin() + 20, packet.end()));
    }
}

}  // namespace stemma::nat
