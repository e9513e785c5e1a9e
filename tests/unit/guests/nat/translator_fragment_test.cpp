// RFC 4787 REQ-14: fragments, in order and out of it.
#include "translator_rig.hpp"

namespace stemma::nat {

using namespace test;

namespace {

// Puts forwarded fragments together; nothing if they do not make a whole datagram.
std::optional<Bytes> reassemble(const std::vector<Bytes>& fragments) {
    Bytes body;
    std::size_t got = 0;
    std::size_t total = 0;
    std::optional<net::Ipv4Header> first;
    std::optional<std::uint16_t> identification;
    for (const auto& fragment : fragments) {
        const auto header = net::Ipv4Header::read(fragment);
        if (!header) return std::nullopt;
        if (identification && *identification != header->identification) return std::nullopt;
        identification = header->identification;
        const auto payload = header->payload(std::span(fragment));
        body.resize(std::max(body.size(), header->fragment_offset + payload.size()));
        std::copy(payload.begin(), payload.end(), body.begin() + header->fragment_offset);
        got += payload.size();
        if (!header->more_fragments) total = header->fragment_offset + payload.size();
        if (header->fragment_offset == 0) first = *header;
    }
    if (!first || got != total) return std::nullopt;
    Bytes whole(20);
    first->more_fragments = false;
    first->total_length = static_cast<std::uint16_t>(20 + total);
    first->write(std::span(whole).first<20>());
    whole.insert(whole.end(), body.begin(), body.end());
    return whole;
}

struct Collected {
    std::vector<Bytes> sent;
    void give(TranslatorRig& rig, Side from, const Bytes& packet) {
        const auto result = rig.give(from, packet);
        if (result.verdict.action != forward) return;
        sent.push_back(result.packet);
        if (!result.verdict.releases_fragments) return;
        while (true) {
            const auto waited = rig.translator.next_released();
            if (waited.empty()) return;
            give(rig, from, Bytes(waited.begin(), waited.end()));
        }
    }
};

}  // namespace

TEST_CASE("4787 REQ-14: a datagram's fragments pass in any order, both ways") {
    std::vector<std::size_t> order = {0, 1, 2, 3};
    do {
        TranslatorRig rig;
        const auto packet =
            udp("10.0.1.2:4000", "10.0.0.53:53").with_payload(1000, 0xa5).identification(4711);
        const auto parts = packet.fragments(256);
        REQUIRE(parts.size() == 4);
        Collected out;
        for (const auto i : order)
            out.give(rig, Side::inside, parts[i]);
        REQUIRE(out.sent.size() == 4);
        const auto whole = reassemble(out.sent);
        REQUIRE(whole);
        CHECK(*whole == udp("10.0.0.1:4000", "10.0.0.53:53")
                            .with_payload(1000, 0xa5)
                            .identification(0x7777)
                            .ttl(63)
                            .bytes());
        const auto answer =
            udp("10.0.0.53:53", "10.0.0.1:4000").with_payload(900, 0x3c).identification(99);
        const auto answer_parts = answer.fragments(256);
        Collected in;
        for (const auto i : order)
            in.give(rig, Side::outside, answer_parts[i]);
        const auto whole_answer = reassemble(in.sent);
        REQUIRE(whole_answer);
        CHECK(*whole_answer == udp("10.0.0.53:53", "10.0.1.2:4000")
                                   .with_payload(900, 0x3c)
                                   .identification(99)
                                   .ttl(63)
                                   .bytes());
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("Two hosts' datagrams of one identification leave with two") {
    TranslatorRig rig;
    Collected first;
    Collected second;
    const auto one = udp("10.0.1.2:4000", "10.0.0.53:53").with_payload(500).identification(5);
    const auto two = udp("10.0.1.3:4001", "10.0.0.53:53").with_payload(500).identification(5);
    for (std::size_t i = 0; i < 2; ++i) {
        first.give(rig, Side::inside, one.fragments(256)[i]);
        second.give(rig, Side::inside, two.fragments(256)[i]);
    }
    REQUIRE(reassemble(first.sent));
    REQUIRE(reassemble(second.sent));
    CHECK(net::load_be16(&first.sent[0][4]) != net::load_be16(&second.sent[0][4]));
}

TEST_CASE("Fragments of a packet that is not let in are dropped, before and after the first") {
    TranslatorRig rig;
    const auto parts =
        udp("10.0.0.53:53", "10.0.0.1:4000").with_payload(1000).identification(9).fragments(256);
    CHECK(rig.in(parts[1]).counted == "fragments-held");
    CHECK(rig.in(parts[0]).counted == "dropped-unsolicited dropped-fragment");
    CHECK(rig.in(parts[2]).counted == "dropped-fragment");
}

TEST_CASE("Fragments that could overwrite a TCP header, or overrun a packet, are dropped") {
    TranslatorRig rig;
    auto tiny = tcp("10.0.1.2:4000", "10.0.0.53:80", syn);
    tiny.header.more_fragments = true;
    CHECK(rig.out(tiny.packet_of(Bytes(16))).counted == "dropped-malformed");
    auto overlap = tcp("10.0.1.2:4000", "10.0.0.53:80", syn);
    overlap.header.fragment_offset = 8;
    CHECK(rig.out(overlap.packet_of(Bytes(16))).counted == "dropped-malformed");
    auto beyond = udp("10.0.1.2:4000", "10.0.0.53:53");
    beyond.header.fragment_offset = 65528;
    CHECK(rig.out(beyond.packet_of(Bytes(16))).counted == "dropped-malformed");
}

TEST_CASE("A fragmented ICMP error is dropped") {
    TranslatorRig rig;
    const auto sent = rig.out(udp("10.0.1.2:4000", "10.0.0.53:53")).packet;
    const auto parts = icmp_error("10.0.0.53", "10.0.0.1", 3, 1, sent).fragments(24);
    CHECK(rig.in(parts[0]).counted == "dropped-fragment");
}

}  // namespace stemma::nat
