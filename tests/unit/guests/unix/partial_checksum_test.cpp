#include "unix/partial_checksum.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "net/ethernet.hpp"
#include "net/ipv4_header.hpp"

using namespace stemma;

namespace {

// A frame as Linux hands it over: the transport checksum holds the pseudo header's sum, not
// inverted.
std::vector<std::uint8_t> partial_frame(std::uint8_t protocol, std::size_t payload,
                                        std::mt19937& random) {
    const std::size_t header = protocol == net::ip_protocol::udp ? 8 : 20;
    std::vector<std::uint8_t> frame(net::EthernetHeader::size + 20 + header + payload);
    for (auto& byte : frame)
        byte = static_cast<std::uint8_t>(random());
    frame[12] = 0x08;
    frame[13] = 0x00;
    net::Ipv4Header ip;
    ip.source = {static_cast<std::uint32_t>(random())};
    ip.destination = {static_cast<std::uint32_t>(random())};
    ip.protocol = protocol;
    ip.total_length = static_cast<std::uint16_t>(20 + header + payload);
    ip.write(std::span(frame).subspan(14).first<20>());
    net::Checksum pseudo;
    pseudo.add_pseudo_header(ip.source, ip.destination, protocol,
                             static_cast<std::uint16_t>(header + payload));
    const auto field = protocol == net::ip_protocol::udp ? 6u : 16u;
    net::store_be16(&frame[34 + field], static_cast<std::uint16_t>(~pseudo.value()));
    return frame;
}

std::uint16_t sum_of(const std::vector<std::uint8_t>& frame) {
    const auto packet = std::span(frame).subspan(14);
    const auto ip = net::Ipv4Header::read(packet);
    return net::transport_checksum(ip->source, ip->destination, ip->protocol, ip->payload(packet));
}

}  // namespace

TEST_CASE("a completed checksum is right for its segment, whatever its length and padding") {
    std::mt19937 random(5);
    for (int i = 0; i < 200; ++i) {
        const auto protocol = i % 2 == 0 ? net::ip_protocol::udp : net::ip_protocol::tcp;
        auto frame = partial_frame(protocol, random() % 1400, random);
        if (i % 5 == 0) frame.resize(frame.size() + random() % 20, 0xaa);
        REQUIRE(hosted::complete_checksum(frame));
        REQUIRE(sum_of(frame) == 0);
    }
}

TEST_CASE("a UDP sum of zero is sent as all ones, since zero would mean none") {
    std::mt19937 random(6);
    auto frame = partial_frame(net::ip_protocol::udp, 2, random);
    // the payload that makes the sum 0xffff, so that its inverse is zero
    frame[42] = frame[43] = 0;
    net::store_be16(&frame[40], 0);
    net::store_be16(&frame[42], sum_of(frame));
    REQUIRE(hosted::complete_checksum(frame));
    CHECK(net::load_be16(&frame[40]) == 0xffff);
}

TEST_CASE("what cannot be judged is left as it is") {
    std::mt19937 random(7);
    struct Case {
        const char* name;
        std::size_t offset;
        std::uint8_t value;
    };
    const Case cases[] = {{"IPv6", 12, 0x86}, {"a fragment", 20, 0x20}, {"SCTP", 23, 132}};
    for (const auto& [name, offset, value] : cases) {
        INFO(name);
        auto frame = partial_frame(net::ip_protocol::udp, 20, random);
        frame[offset] = value;
        net::store_be16(&frame[24], 0);
        net::store_be16(&frame[24], net::checksum(std::span(frame).subspan(14, 20)));
        const auto before = frame;
        CHECK_FALSE(hosted::complete_checksum(frame));
        CHECK(frame == before);
    }
    auto whole = partial_frame(net::ip_protocol::tcp, 0, random);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        auto cut = whole;
        cut.resize(size);
        CHECK_FALSE(hosted::complete_checksum(cut));
    }
}
