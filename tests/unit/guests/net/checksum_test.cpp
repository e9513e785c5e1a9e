#include "net/checksum.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "bytes.hpp"
#include "net/byte_order.hpp"

using namespace stemma::net;
using stemma::net::test::Bytes;
using stemma::net::test::hex;

namespace {

// RFC 1071 section 1, a word at a time.
std::uint16_t model(const Bytes& bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        sum += static_cast<unsigned>(bytes[i] << 8);
        if (i + 1 < bytes.size()) sum += bytes[i + 1];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

Bytes random_bytes(std::mt19937& random, std::size_t size) {
    Bytes bytes(size);
    // many 0x00 and 0xff, where one's complement has its corners
    for (auto& byte : bytes) {
        const auto kind = random() % 4;
        byte = kind == 0 ? 0 : kind == 1 ? 0xff : static_cast<std::uint8_t>(random());
    }
    return bytes;
}

}  // namespace

TEST_CASE("the checksum of RFC 1071's example is the RFC's") {
    CHECK(checksum(hex("0001 f203 f4f5 f6f7")) == static_cast<std::uint16_t>(~0xddf2));
    CHECK(checksum({}) == 0xffff);
    CHECK(checksum(hex("ffff")) == 0);
}

TEST_CASE("a checksum equals the word-by-word model at every length and cut") {
    std::mt19937 random(1);
    for (std::size_t size = 0; size < 120; ++size) {
        const auto bytes = random_bytes(random, size);
        CHECK(checksum(bytes) == model(bytes));
        const std::size_t a = random() % (size + 1);
        const std::size_t b = a + random() % (size - a + 1);
        Checksum pieces;
        const std::span<const std::uint8_t> span(bytes);
        pieces.add(span.first(a));
        pieces.add(span.subspan(a, b - a));
        pieces.add(span.subspan(b));
        CHECK(pieces.value() == model(bytes));
    }
}

TEST_CASE("the pseudo header is summed as if its twelve bytes were there") {
    const auto segment = hex("0035 d431 000d 0000 61 62 63 64 65");
    auto whole = hex("0a000035 c0a80102 00 11 000d");
    whole.insert(whole.end(), segment.begin(), segment.end());
    CHECK(transport_checksum({0x0a000035}, {0xc0a80102}, 17, segment) == model(whole));
}

TEST_CASE("an incremental update equals a full sum") {
    std::mt19937 random(2);
    for (int round = 0; round < 20'000; ++round) {
        auto bytes = random_bytes(random, 8 + 2 * (random() % 20));
        bytes[7] = 1;  // all zero is no message: its checksum has two spellings
        const std::uint16_t before = checksum(bytes);
        const auto change = random_bytes(random, 4);
        if (round % 2 == 0) {
            const auto from = load_be16(&bytes[2]);
            store_be16(&bytes[2], load_be16(change.data()));
            CHECK(update_checksum16(before, from, load_be16(change.data())) == checksum(bytes));
        } else {
            const auto from = load_be32(&bytes[2]);
            store_be32(&bytes[2], load_be32(change.data()));
            CHECK(update_checksum32(before, from, load_be32(change.data())) == checksum(bytes));
        }
    }
}

TEST_CASE("RFC 1624's example, which equation 4 gets wrong, is right") {
    CHECK(update_checksum16(0xdd2f, 0x5555, 0x3285) == 0x0000);
}

TEST_CASE("a UDP checksum that was made is never turned into none, nor the reverse") {
    CHECK(udp_checksum_field(0) == 0xffff);
    CHECK(udp_checksum_field(7) == 7);
    CHECK(update_udp_checksum16(0, 1, 2) == 0);
    CHECK(update_udp_checksum32(0, 1, 2) == 0);
    CHECK(update_udp_checksum16(0xdd2f, 0x5555, 0x3285) == 0xffff);
    std::mt19937 random(3);
    for (int round = 0; round < 100'000; ++round) {
        const auto field = static_cast<std::uint16_t>(random() | 1);
        CHECK(update_udp_checksum32(field, static_cast<std::uint32_t>(random()),
                                    static_cast<std::uint32_t>(random())) != 0);
    }
}
