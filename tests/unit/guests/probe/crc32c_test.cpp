#include "probe/crc32c.hpp"

#include <catch2/catch.hpp>

#include "../net/bytes.hpp"

using stemma::net::test::Bytes;
using stemma::probe::Crc32c;

TEST_CASE("CRC-32C gives RFC 3720's values, in one piece or many") {
    struct Case {
        Bytes bytes;
        std::uint32_t crc;
    };
    Bytes rising(32);
    for (std::size_t i = 0; i < rising.size(); ++i)
        rising[i] = static_cast<std::uint8_t>(i);
    const Bytes digits{'1', '2', '3', '4', '5', '6', '7', '8', '9'};
    const Case cases[] = {{{}, 0},
                          {Bytes(32, 0), 0x8a9136aa},
                          {Bytes(32, 0xff), 0x62a8ab43},
                          {rising, 0x46dd794e},
                          {digits, 0xe3069283}};
    for (const auto& c : cases) {
        Crc32c whole;
        whole.add(c.bytes);
        CHECK(whole.value() == c.crc);
        Crc32c pieces;
        for (const auto byte : c.bytes)
            pieces.add(std::span(&byte, 1));
        CHECK(pieces.value() == c.crc);
    }
}
