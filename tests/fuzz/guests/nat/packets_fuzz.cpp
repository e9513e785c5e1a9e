// What both networks can do to the translator: packets, with time going by between them. Input:
// repeated { flags, hosts, length, bytes of a packet }. By its flags a packet is made to pass the
// first gates, which random bytes rarely do; or the last packet that went through comes back as its
// answer, or within an ICMP error.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "../../../unit/guests/nat/packets.hpp"
#include "nat/translator.hpp"

using namespace stemma;
using namespace stemma::nat;
using nat::test::Bytes;

namespace {

constexpr net::Ipv4Interface inside{{0x0a000101}, 24};
constexpr net::Ipv4Interface outside{{0x0a000001}, 24};

enum Flag : std::uint8_t {
    from_outside = 1,
    likely_addresses = 2,
    good_header = 4,
    good_transport = 8,
    time_passes = 16,
    turned_around = 32,  // the last forwarded packet, as its answer
    within_error = 64,   // an ICMP error about it
    much_time_passes = 128,
};

void require(bool holds) {
    if (!holds) std::abort();
}

// Checksums that a packet of this shape should have, as far as there is one.
void fix_header(Bytes& packet) {
    packet[0] = static_cast<std::uint8_t>(0x40 | std::clamp<int>(packet[0] & 15, 5, 15));
    const std::size_t length = std::size_t{packet[0]} % 16 * 4;
    if (packet.size() < length) packet.resize(length);
    net::store_be16(&packet[2], static_cast<std::uint16_t>(packet.size()));
    net::store_be16(&packet[10], 0);
    net::store_be16(&packet[10], net::checksum(std::span(packet).first(length)));
}

void fix_transport(Bytes& packet) {
    const auto header = net::Ipv4Header::read(packet);
    if (!header || header->is_fragment()) return;
    const auto transport = header->payload(std::span(packet));
    std::size_t at = 0;
    if (header->protocol == 17 && transport.size() >= 8) {
        net::store_be16(&transport[4], static_cast<std::uint16_t>(transport.size()));
        at = 6;
    } else if (header->protocol == 6 && transport.size() >= 20) {
        at = 16;
    } else if (header->protocol == 1 && transport.size() >= 8) {
        at = 2;
    } else {
        return;
    }
    net::store_be16(&transport[at], 0);
    const auto sum = header->protocol == 1
                         ? net::checksum(transport)
                         : net::transport_checksum(header->source, header->destination,
                                                   header->protocol, transport);
    net::store_be16(&transport[at], header->protocol == 17 ? net::udp_checksum_field(sum) : sum);
}

bool transport_is_good(std::span<const std::uint8_t> packet) {
    const auto header = net::Ipv4Header::read(packet);
    if (!header || header->is_fragment()) return false;
    const std::size_t least = header->protocol == 6 ? 20 : 8;
    return header->payload(packet).size() >= least && nat::test::checksums_are_good(packet);
}

Bytes answer_to(const Bytes& packet) {
    Bytes answer = packet;
    std::swap_ranges(&answer[12], &answer[16], &answer[16]);
    const std::size_t at = std::size_t{answer[0]} % 16 * 4;
    if (answer[9] == 1) {
        if (answer.size() > at && answer[at] == 8) answer[at] = 0;
    } else if (answer.size() >= at + 4) {
        std::swap_ranges(&answer[at], &answer[at + 2], &answer[at + 2]);
    }
    answer[8] = 64;
    fix_header(answer);
    return answer;
}

Bytes error_about(const Bytes& packet, std::uint8_t type) {
    auto error = nat::test::icmp_error("10.0.0.53", "10.0.0.1", type, 1, packet, packet.size());
    error.source.address = {net::load_be32(&packet[16])};
    error.destination.address = {net::load_be32(&packet[12])};
    return error;
}

class World {
  public:
    explicit World(std::uint8_t choice)
        : table_({.limits = {.mappings = 12,
                             .sessions = 18,
                             .mappings_per_host = 6,
                             .sessions_per_host = 10},
                  .timeouts = {},
                  .filtering = static_cast<Filtering>(choice % 3)},
                 entropy_, 0),
          translator_({.inside = inside, .outside = outside, .inside_mtu = 576, .outside_mtu = 296},
                      table_, counters_, 1) {
        table_.adopt({.inside = {{0x0a000102}, 80, Protocol::tcp},
                      .outside_port = 8080,
                      .is_static = choice % 2 == 0,
                      .remote = {{0x0a000035}, 80},
                      .state = TcpState::established,
                      .deadline = 1000},
                     0);
    }
    ~World() { require(table_.is_consistent()); }

    void pass(Tick seconds) {
        tick_ += seconds;
        while (!table_.expire(tick_, 7)) {
        }
    }

    void give(Side from, Bytes packet) {
        packet.shrink_to_fit();
        const Bytes before = packet;
        const auto mappings = table_.mapping_count();
        const rt::Instant now = rt::Instant{} + rt::Duration::seconds(tick_);
        const Verdict verdict = translator_.translate(from, packet, now, tick_);
        // Nobody outside makes a mapping, or changes a packet that does not go on.
        if (from == Side::outside) require(table_.mapping_count() == mappings);
        if (verdict.action != Verdict::Action::forward) {
            require(packet == before);
            return;
        }
        check(from, verdict, before, packet);
        last_ = packet;
        last_to_ = verdict.to;
        while (verdict.releases_fragments) {
            const auto waited = translator_.next_released();
            if (waited.empty()) break;
            give(from, Bytes(waited.begin(), waited.end()));
        }
    }

    const Bytes& last() const { return last_; }
    Side last_to() const { return last_to_; }

  private:
    void check(Side from, const Verdict& verdict, const Bytes& before, const Bytes& after) {
        const auto header = net::Ipv4Header::read(after);
        require(header.has_value());
        require(after.size() == before.size());
        require(header->time_to_live + 1 == before[8]);
        if (verdict.to == Side::outside) {
            require(from == Side::inside && header->source == outside.address);
        } else {
            require(inside.contains(header->destination));
            require(header->destination != inside.address);
            if (from == Side::inside) require(header->source == outside.address);
        }
        if (transport_is_good(before)) require(transport_is_good(after));
        const auto length = header->header_length;
        require(std::equal(before.begin() + 20, before.begin() + length, after.begin() + 20));
    }

    nat::test::SeededEntropy entropy_;
    Counters counters_;
    FlowTable table_;
    Translator translator_;
    Tick tick_ = 0;
    Bytes last_;
    Side last_to_ = Side::outside;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    World world(*data);
    std::span<const std::uint8_t> rest(data + 1, size - 1);
    while (rest.size() >= 3) {
        const std::uint8_t flags = rest[0];
        const std::uint8_t hosts = rest[1];
        const std::size_t length = std::min<std::size_t>(std::size_t{rest[2]} * 3, rest.size() - 3);
        Bytes packet(rest.begin() + 3, rest.begin() + 3 + static_cast<std::ptrdiff_t>(length));
        rest = rest.subspan(3 + length);
        Side from = (flags & from_outside) != 0 ? Side::outside : Side::inside;
        if ((flags & time_passes) != 0) world.pass((flags & much_time_passes) != 0 ? 3000 : 50);
        if ((flags & (turned_around | within_error)) != 0) {
            if (world.last().size() < 20) continue;
            packet = (flags & turned_around) != 0 ? answer_to(world.last())
                                                  : error_about(world.last(), hosts % 16);
            from = world.last_to();
        } else if ((flags & good_header) != 0) {
            if (packet.size() < 20) packet.resize(20);
            constexpr std::uint8_t protocols[] = {1, 6, 17, 17};
            packet[9] = protocols[hosts % 4];
            if ((flags & likely_addresses) != 0) {
                const std::uint32_t host = 0x0a000102 + hosts / 4 % 4;
                const std::uint32_t remote = hosts / 16 % 2 == 0 ? 0x0a000035 : 0x0a000001;
                const bool out = from == Side::inside;
                net::store_be32(&packet[12], out ? host : 0x0a000035);
                net::store_be32(&packet[16], out ? remote : outside.address.value);
            }
            fix_header(packet);
            if ((flags & good_transport) != 0) fix_transport(packet);
        }
        world.give(from, std::move(packet));
    }
    return 0;
}
