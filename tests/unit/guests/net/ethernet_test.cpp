#include "net/ethernet.hpp"

#include <catch2/catch.hpp>

#include "bytes.hpp"

using namespace stemma::net;
using namespace stemma::net::test;

TEST_CASE("an Ethernet header is read as it was written, and not from 13 bytes") {
    const EthernetHeader header{MacAddress::broadcast(), {{2, 0x16, 0x3e, 0, 0, 1}}, 0x0806};
    Bytes frame(60);
    header.write(std::span(frame).first<14>());
    CHECK(cut(frame, 14) == hex("ffffffffffff 02163e000001 0806"));
    CHECK(EthernetHeader::read(frame) == header);
    CHECK(EthernetHeader::read(cut(frame, 14)) == header);
    for (std::size_t size = 0; size < 14; ++size)
        CHECK(!EthernetHeader::read(cut(frame, size)));
}
