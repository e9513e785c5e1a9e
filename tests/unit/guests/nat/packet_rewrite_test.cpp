#include "nat/packet_rewrite.hpp"

#include <catch2/catch.hpp>

#include "packets.hpp"

namespace stemma::nat {

using namespace test;

namespace {

PacketBuilder random_packet(test::Random& random) {
    constexpr std::uint8_t protocols[] = {1, 6, 17};
    PacketBuilder packet;
    packet.header.protocol = protocols[random() % 3];
    packet.header.time_to_live = static_cast<std::uint8_t>(2 + random() % 250);
    packet.header.identification = static_cast<std::uint16_t>(random());
    packet.icmp_type = net::icmp_type::echo_request;
    packet.source = {{static_cast<std::uint32_t>(random())}, static_cast<std::uint16_t>(random())};
    packet.destination = {{static_cast<std::uint32_t>(random())},
                          static_cast<std::uint16_t>(random())};
    packet.no_checksum = random() % 8 == 0;
    packet.options.assign(random() % 4 * 4, 1);
    packet.payload.resize(random() % 40);
    for (auto& byte : packet.payload)
        byte = static_cast<std::uint8_t>(random() % 4 == 0 ? random() : 0);
    return packet;
}

Protocol protocol_of(const PacketBuilder& packet) {
    return *translated_protocol(packet.header.protocol);
}

}  // namespace

TEST_CASE("A rewritten packet is the packet made anew, and rewriting back restores it") {
    test::Random random(42);
    for (int i = 0; i < 50'000; ++i) {
        PacketBuilder packet = random_packet(random);
        const Bytes original = packet;
        Bytes bytes = original;
        const net::Ipv4Endpoint before = packet.source;
        const net::Ipv4Endpoint after{{static_cast<std::uint32_t>(random())},
                                      static_cast<std::uint16_t>(random())};
        const std::size_t header_length = std::size_t{bytes[0]} % 16 * 4;
        {
            PacketRewrite rewrite(bytes, header_length, protocol_of(packet), true);
            rewrite.source(after);
            rewrite.hop();
        }
        packet.source = after;
        --packet.header.time_to_live;
        REQUIRE(checksums_are_good(bytes));
        // A sum of 0xffff and one of 0 mean the same; only where one of them is are bytes free.
        REQUIRE(bytes == packet.bytes());
        {
            PacketRewrite rewrite(bytes, header_length, protocol_of(packet), true);
            rewrite.source(before);
            rewrite.identification(0x1234);
            rewrite.identification(packet.header.identification);
        }
        packet.source = before;
        REQUIRE(bytes == packet.bytes());
    }
}

TEST_CASE("A wrong checksum stays wrong, and no checksum stays none") {
    Bytes bytes = udp("10.0.1.2:4000", "10.0.0.53:53");
    bytes[26] ^= 0x40;
    PacketRewrite(bytes, 20, Protocol::udp, true).source(endpoint("10.0.0.1:5000"));
    CHECK_FALSE(checksums_are_good(bytes));
    bytes[26] ^= 0x40;
    CHECK(checksums_are_good(bytes));

    Bytes without = udp("10.0.1.2:4000", "10.0.0.53:53").without_checksum();
    PacketRewrite(without, 20, Protocol::udp, true).source(endpoint("10.0.0.1:5000"));
    CHECK(without == udp("10.0.0.1:5000", "10.0.0.53:53").without_checksum().bytes());
}

TEST_CASE("A UDP checksum that comes to zero is sent as all ones") {
    // Whatever the payload's last word, one port makes the sum zero; all are tried.
    bool met = false;
    for (std::uint32_t port = 1; port < 65536; ++port) {
        Bytes bytes = udp("10.0.1.2:4000", "10.0.0.53:53");
        const net::Ipv4Endpoint to{{0x0a000001}, static_cast<std::uint16_t>(port)};
        PacketRewrite(bytes, 20, Protocol::udp, true).source(to);
        const auto sum = net::load_be16(&bytes[26]);
        REQUIRE(sum != 0);
        met |= sum == 0xffff;
    }
    CHECK(met);
}

TEST_CASE("Changes within a message keep the checksum around it") {
    test::Random random(9);
    for (int i = 0; i < 10'000; ++i) {
        PacketBuilder about = random_packet(random);
        const Bytes inner = about;
        // At least the 8 bytes of the transport that RFC 792 asks for.
        const std::size_t least = 28 + about.options.size();
        PacketBuilder error = icmp_error("192.0.2.1", "10.0.0.1", 3, 1, inner,
                                         least + random() % (inner.size() - least + 1));
        Bytes bytes = error;
        const std::span<std::uint8_t> embedded = std::span(bytes).subspan(28);
        PacketRewrite rewrite(embedded, 20 + about.options.size(), protocol_of(about), true,
                              &bytes[22]);
        const net::Ipv4Endpoint to{{static_cast<std::uint32_t>(random())},
                                   static_cast<std::uint16_t>(random())};
        rewrite.destination(to);
        REQUIRE(checksums_are_good(bytes));
        REQUIRE(net::checksum(embedded.first(20 + about.options.size())) == 0);
        REQUIRE(net::load_be32(&embedded[16]) == to.address.value);
    }
}

}  // namespace stemma::nat
