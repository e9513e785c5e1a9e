#include "net/tcp_header.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "bytes.hpp"

using namespace stemma::net;
using namespace stemma::net::test;

TEST_CASE("a TCP header is read as it was written") {
    TcpHeader header;
    header.source_port = 40000;
    header.destination_port = 7;
    header.sequence = 0x01020304;
    header.acknowledgement = 0xf1f2f3f4;
    header.flags = TcpHeader::ack | TcpHeader::psh;
    header.window = 0x2000;
    header.checksum = 0xbeef;
    header.urgent_pointer = 1;
    Bytes segment(20);
    header.write(std::span(segment).first<20>());
    CHECK(segment == hex("9c40 0007 01020304 f1f2f3f4 50 18 2000 beef 0001"));
    CHECK(TcpHeader::read(segment) == header);
    for (std::size_t size = 0; size < 20; ++size)
        CHECK(!TcpHeader::read(cut(segment, size)));
    segment[12] = 0x40;
    CHECK(!TcpHeader::read(segment));
    segment[12] = 0x60;
    CHECK(!TcpHeader::read(segment));
}

TEST_CASE("the maximum segment size is found among options") {
    struct Case {
        const char* options;
        std::optional<std::uint16_t> mss;
    };
    const Case cases[] = {
        {"", std::nullopt},
        {"0204 05b4", 1460},
        {"01 01 0402 0204 0218", 536},
        {"0303 07 0204 05b4 00", 1460},
        {"00 0204 05b4", std::nullopt},  // after the end of the list
        {"0203 05", std::nullopt},       // of another length
        {"0204 05", std::nullopt},       // cut
        {"02", std::nullopt},
        {"0300 0204 05b4", std::nullopt},  // a length that would never advance
        {"0301 0204 05b4", std::nullopt},
        {"0309 0204 05b4", std::nullopt},
    };
    for (const auto& c : cases) {
        INFO(c.options);
        const auto options = hex(c.options);
        CHECK(read_tcp_mss(cut(options, options.size())) == c.mss);
    }
}

TEST_CASE("random TCP options end without reading past themselves") {
    std::mt19937 random(5);
    for (int round = 0; round < 20'000; ++round) {
        Bytes options(random() % 41);
        for (auto& byte : options)
            byte = static_cast<std::uint8_t>(random() % 6);
        options.shrink_to_fit();
        (void)read_tcp_mss(options);
    }
    SUCCEED();
}
