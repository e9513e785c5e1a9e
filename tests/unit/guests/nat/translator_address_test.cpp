// Who may send what to whom, and what is not a packet at all.
#include "translator_rig.hpp"

namespace stemma::nat {

using namespace test;

TEST_CASE("Addresses that cannot be here are refused") {
    struct Case {
        const char* what;
        Side from;
        const char* source;
        const char* destination;
    };
    constexpr Case cases[] = {
        {"a broadcast as source", Side::inside, "255.255.255.255:1", "10.0.0.53:53"},
        {"the network's broadcast as source", Side::inside, "10.0.1.255:1", "10.0.0.53:53"},
        {"the network itself as source", Side::inside, "10.0.1.0:1", "10.0.0.53:53"},
        {"multicast as source", Side::inside, "224.0.0.1:1", "10.0.0.53:53"},
        {"loopback as source", Side::inside, "127.0.0.1:1", "10.0.0.53:53"},
        {"nobody as source", Side::inside, "0.0.0.0:1", "10.0.0.53:53"},
        {"reserved as source", Side::inside, "240.0.0.1:1", "10.0.0.53:53"},
        {"our own address as source", Side::inside, "10.0.1.1:1", "10.0.0.53:53"},
        {"the shared address as source", Side::inside, "10.0.0.1:1", "10.0.0.53:53"},
        {"a source of another network", Side::inside, "192.0.2.1:1", "10.0.0.53:53"},
        {"to broadcast", Side::inside, "10.0.1.2:1", "255.255.255.255:53"},
        {"to the inside broadcast", Side::inside, "10.0.1.2:1", "10.0.1.255:53"},
        {"to the outside broadcast", Side::inside, "10.0.1.2:1", "10.0.0.255:53"},
        {"to the outside network", Side::inside, "10.0.1.2:1", "10.0.0.0:53"},
        {"to multicast", Side::inside, "10.0.1.2:1", "224.0.0.251:5353"},
        {"to loopback", Side::inside, "10.0.1.2:1", "127.0.0.1:53"},
        {"to nobody", Side::inside, "10.0.1.2:1", "0.0.0.0:53"},
        {"to a neighbour", Side::inside, "10.0.1.2:1", "10.0.1.3:53"},
        {"outside, broadcast as source", Side::outside, "10.0.0.255:53", "10.0.0.1:4000"},
        {"outside, multicast as source", Side::outside, "239.1.1.1:53", "10.0.0.1:4000"},
        {"outside, loopback as source", Side::outside, "127.0.0.1:53", "10.0.0.1:4000"},
        {"outside, our own address as source", Side::outside, "10.0.0.1:53", "10.0.0.1:4000"},
        {"outside, an inside host as source", Side::outside, "10.0.1.2:53", "10.0.0.1:4000"},
        {"outside, straight to an inside host", Side::outside, "10.0.0.53:53", "10.0.1.2:4000"},
        {"outside, to somebody else", Side::outside, "10.0.0.53:53", "10.0.0.7:4000"},
        {"outside, to the inside address", Side::outside, "10.0.0.53:53", "10.0.1.1:4000"},
        {"outside, to broadcast", Side::outside, "10.0.0.53:53", "10.0.0.255:4000"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.what);
        TranslatorRig rig;
        rig.out(udp("10.0.1.2:4000", "10.0.0.53:53"));
        const auto result = rig.give(c.from, udp(c.source, c.destination));
        CHECK(result.verdict.action == dropped);
        CHECK(result.counted == "dropped-martian");
        CHECK(rig.table.mapping_count() == 1);
    }
}

TEST_CASE("What is not a whole packet is dropped") {
    const Bytes packet_udp = udp("10.0.1.2:4000", "10.0.0.53:53");
    const Bytes packet_tcp = tcp("10.0.1.2:4000", "10.0.0.53:80", syn);
    const Bytes packet_icmp = ping("10.0.1.2:7", "10.0.0.53");
    TranslatorRig rig;
    for (const Bytes& packet : {packet_udp, packet_tcp, packet_icmp}) {
        for (std::size_t size = 0; size < packet.size(); ++size) {
            const Bytes cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
            REQUIRE(rig.out(cut).counted == "dropped-malformed");
        }
        Bytes wrong = packet;
        wrong[10] ^= 1;
        CHECK(rig.out(wrong).counted == "dropped-malformed");
    }
    // transports that are cut off within a whole IP packet
    auto builder = udp("10.0.1.2:4000", "10.0.0.53:53");
    CHECK(rig.out(builder.packet_of(Bytes(7))).counted == "dropped-malformed");
    builder.header.protocol = 6;
    CHECK(rig.out(builder.packet_of(Bytes(19))).counted == "dropped-malformed");
    builder.header.protocol = 1;
    CHECK(rig.out(builder.packet_of(Bytes(7))).counted == "dropped-malformed");
    Bytes short_length = udp("10.0.1.2:4000", "10.0.0.53:53");
    short_length[25] = 7;
    CHECK(rig.out(short_length).counted == "dropped-malformed");
    short_length[25] = 200;
    CHECK(rig.out(short_length).counted == "dropped-malformed");
    CHECK(rig.out(udp("10.0.1.2:0", "10.0.0.53:53")).counted == "dropped-malformed");
    CHECK(rig.out(udp("10.0.1.2:1", "10.0.0.53:0")).counted == "dropped-malformed");
    CHECK(rig.table.mapping_count() == 0);
}

TEST_CASE("Padding behind a packet is not looked at") {
    TranslatorRig rig;
    Bytes padded = udp("10.0.1.2:4000", "10.0.0.53:53");
    const std::size_t size = padded.size();
    padded.resize(size + 11, 0xee);
    const auto result = rig.out(padded);
    CHECK(result.counted == "out");
    CHECK(checksums_are_good(result.packet));
    CHECK(result.packet[size] == 0xee);
}

TEST_CASE("Other protocols are dropped") {
    TranslatorRig rig;
    for (const int protocol : {0, 2, 4, 41, 47, 50, 132, 255})
        CHECK(rig.out(ip(static_cast<std::uint8_t>(protocol), "10.0.1.2", "10.0.0.53")).counted ==
              "dropped-protocol");
}

TEST_CASE("Nothing unsolicited comes in, whatever it is") {
    for (const auto filtering :
         {Filtering::address_dependent, Filtering::address_and_port_dependent}) {
        TranslatorRig rig(TranslatorRig::filtered(filtering));
        rig.out(udp("10.0.1.2:4000", "10.0.0.53:53"));
        rig.out(tcp("10.0.1.2:4000", "10.0.0.53:80", syn));
        rig.out(ping("10.0.1.2:4000", "10.0.0.53"));
        test::Random random(3);
        for (int i = 0; i < 20'000; ++i) {
            constexpr std::uint8_t protocols[] = {1, 6, 17};
            PacketBuilder packet = ip(protocols[random() % 3], "10.0.0.54", "10.0.0.1");
            packet.source.address.value += random() % 100;
            packet.source.port = static_cast<std::uint16_t>(random());
            packet.destination.port =
                random() % 2 == 0 ? std::uint16_t{4000} : static_cast<std::uint16_t>(random());
            packet.icmp_type = static_cast<std::uint8_t>(random() % 20);
            packet.flags = static_cast<std::uint8_t>(random());
            packet.payload = udp("10.0.0.1:4000", "10.0.0.99:53").bytes();
            REQUIRE(rig.in(packet).verdict.action != forward);
        }
        CHECK(rig.table.mapping_count() == 3);
    }
}

}  // namespace stemma::nat
