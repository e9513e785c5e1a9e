#include "net/ipv4_header.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "bytes.hpp"

using namespace stemma::net;
using namespace stemma::net::test;

namespace {

Ipv4Header sample() {
    Ipv4Header header;
    header.source = {0x0a000102};
    header.destination = {0x0a000035};
    header.total_length = 28;
    header.protocol = ip_protocol::udp;
    header.time_to_live = 63;
    header.traffic_class = 0x2e;
    header.identification = 0x1234;
    header.dont_fragment = true;
    return header;
}

Bytes packet_of(const Ipv4Header& header) {
    Bytes packet(header.total_length);
    header.write(std::span(packet).first<20>());
    return packet;
}

// `packet` with one byte changed and the header checksum made good again.
Bytes with(Bytes packet, std::size_t at, std::uint8_t value) {
    packet[at] = value;
    const std::size_t length = std::size_t{packet[0] & 15U} * 4;
    packet[10] = packet[11] = 0;
    if (length <= packet.size()) store_be16(&packet[10], checksum(std::span(packet).first(length)));
    return packet;
}

}  // namespace

TEST_CASE("an IPv4 header has RFC 791's layout and a good checksum") {
    const auto packet = packet_of(sample());
    CHECK(cut(packet, 10) == hex("45 2e 001c 1234 4000 3f 11"));
    CHECK(Bytes(packet.begin() + 12, packet.begin() + 20) == hex("0a000102 0a000035"));
    CHECK(checksum(std::span(packet).first(20)) == 0);
    CHECK(Ipv4Header::read(packet) == sample());
}

TEST_CASE("padding behind an IPv4 packet is not part of it") {
    auto frame = packet_of(sample());
    frame.resize(46, 0xee);
    const auto header = Ipv4Header::read(frame);
    REQUIRE(header);
    CHECK(header->payload(std::span<const std::uint8_t>(frame)).size() == 8);
}

TEST_CASE("options are skipped and a fragment is told") {
    auto packet = packet_of(sample());
    packet.insert(packet.begin() + 20, {1, 1, 1, 0});
    packet = with(packet, 3, 32);
    packet = with(packet, 0, 0x46);
    const auto options = Ipv4Header::read(packet);
    REQUIRE(options);
    CHECK(options->header_length == 24);
    CHECK(options->payload(std::span<const std::uint8_t>(packet)).size() == 8);
    CHECK(!options->is_fragment());

    auto header = sample();
    header.dont_fragment = false;
    header.more_fragments = true;
    header.fragment_offset = 1480;
    const auto fragment = Ipv4Header::read(packet_of(header));
    REQUIRE(fragment);
    CHECK(*fragment == header);
    CHECK(fragment->is_fragment());
}

TEST_CASE("each malformed IPv4 header is refused for its own cause") {
    const auto good = packet_of(sample());
    struct Case {
        Bytes packet;
        Ipv4Error error;
    };
    std::vector<Case> cases = {
        {with(good, 0, 0x65), Ipv4Error::version},
        {with(good, 0, 0x44), Ipv4Error::header_length},
        {with(good, 0, 0x40), Ipv4Error::header_length},
        {with(good, 0, 0x4f), Ipv4Error::truncated},   // says 60 bytes of 28
        {with(good, 3, 19), Ipv4Error::total_length},  // below the header
        {with(good, 3, 29), Ipv4Error::total_length},  // one more than there is
        {with(good, 2, 0xff), Ipv4Error::total_length},
    };
    for (std::size_t at = 1; at < 20; ++at) {
        if (at == 2 || at == 3) continue;
        auto flipped = good;
        flipped[at] ^= 1;
        cases.push_back({flipped, Ipv4Error::checksum});
    }
    for (std::size_t size = 0; size < 20; ++size)
        cases.push_back({cut(good, size), Ipv4Error::truncated});
    for (std::size_t size = 20; size < 28; ++size)
        cases.push_back({cut(good, size), Ipv4Error::total_length});
    for (const auto& c : cases) {
        const auto header = Ipv4Header::read(c.packet);
        REQUIRE(!header);
        CHECK(static_cast<int>(header.error()) == static_cast<int>(c.error));
    }
}

TEST_CASE("whatever IPv4 header is accepted lies within its bytes") {
    std::mt19937 random(4);
    int accepted = 0;
    for (int round = 0; round < 50'000; ++round) {
        Bytes packet(20 + random() % 80);
        for (auto& byte : packet)
            byte = static_cast<std::uint8_t>(random());
        packet[0] = static_cast<std::uint8_t>(0x45 + random() % 4);
        packet[2] = 0;
        packet = with(packet, 3, static_cast<std::uint8_t>(random() % 110));
        const auto header = Ipv4Header::read(packet);
        if (!header) continue;
        ++accepted;
        CHECK(header->header_length + header->payload(std::span(packet)).size() <= packet.size());
    }
    CHECK(accepted > 10'000);
}
