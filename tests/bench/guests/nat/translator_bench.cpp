// What a packet costs the translator alone: of an existing flow, and of a new one, at several
// numbers of flows in the table. A flat row is the claim; edges and kernel are not in it.
//   bench_nat_translator [ROUNDS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "../../../unit/guests/nat/packets.hpp"
#include "nat/mapping_mirror.hpp"
#include "nat/translator.hpp"

using namespace stemma;
using namespace stemma::nat;

namespace {

struct Quiet final : rt::Console {
    void line(std::string_view) override {}
};

using Clock = std::chrono::steady_clock;

// The i-th flow of 250 hosts, 260 ports each; a DNS query of 60 bytes.
nat::test::Bytes packet_of(std::uint32_t i) {
    auto packet = nat::test::udp("10.0.1.2:4000", "10.0.0.53:53").with_payload(32);
    packet.source = {{0x0a000102 + i % 250}, static_cast<std::uint16_t>(2000 + i / 250)};
    return packet;
}

struct Row {
    std::vector<double> existing;  // nanoseconds a packet, one for each round
    std::vector<double> answers;
    std::vector<double> fresh;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

class World {
  public:
    World()
        : table_({}, entropy_, 0),
          mirror_(table_, {{{0x0a000101}, 24}, {0x0a000001}, {}}, entropy_, console_),
          translator_({.inside = {{0x0a000101}, 24},
                       .outside = {{0x0a000001}, 24},
                       .inside_mtu = 1500,
                       .outside_mtu = 1500},
                      table_, counters_, 1) {
        table_.set_listener(&mirror_);
    }

    // Each packet is copied into one frame first, as from a ring; that is in the time.
    double time(Side from, const std::vector<nat::test::Bytes>& packets) {
        const auto start = Clock::now();
        for (const auto& packet : packets) {
            std::memcpy(frame_, packet.data(), packet.size());
            const auto verdict =
                translator_.translate(from, std::span(frame_).first(packet.size()), {}, 0);
            if (verdict.action != Verdict::Action::forward) std::abort();
        }
        const std::chrono::duration<double, std::nano> took = Clock::now() - start;
        return took.count() / static_cast<double>(packets.size());
    }
    nat::test::Bytes translated(Side from, nat::test::Bytes packet) {
        if (translator_.translate(from, packet, {}, 0).action != Verdict::Action::forward)
            std::abort();
        return packet;
    }
    void forget(const nat::test::Bytes& packet) {
        table_.remove(table_.find_inside(
            {{net::load_be32(&packet[12])}, net::load_be16(&packet[20]), Protocol::udp}));
        rt::MirrorChange change;
        mirror_.run();
        while (mirror_.next(change)) {
        }
    }

  private:
    nat::test::SeededEntropy entropy_;
    Quiet console_;
    Counters counters_;
    FlowTable table_;
    MappingMirror mirror_;
    Translator translator_;
    std::uint8_t frame_[128] = {};
};

Row measure(std::uint32_t flows, int rounds) {
    World world;
    std::vector<nat::test::Bytes> existing;
    std::vector<nat::test::Bytes> answers;
    for (std::uint32_t i = 0; i < flows; ++i) {
        existing.push_back(packet_of(i));
        auto answer = world.translated(Side::inside, existing.back());
        std::swap_ranges(&answer[12], &answer[16], &answer[16]);
        std::swap_ranges(&answer[20], &answer[22], &answer[22]);
        answers.push_back(std::move(answer));
    }
    nat::test::Random random(1);
    Row row;
    for (int round = 0; round < rounds; ++round) {
        // The order in which flows speak is nobody's: at 60,000 each meets a cold cache.
        for (std::uint32_t i = flows; i > 1; --i) {
            const auto j = random() % i;
            std::swap(existing[i - 1], existing[j]);
            std::swap(answers[i - 1], answers[j]);
        }
        std::vector<nat::test::Bytes> out;
        std::vector<nat::test::Bytes> in;
        for (std::size_t i = 0; i < 2000; ++i) {
            out.push_back(existing[i % flows]);
            in.push_back(answers[i % flows]);
        }
        row.existing.push_back(world.time(Side::inside, out));
        row.answers.push_back(world.time(Side::outside, in));
        std::vector<nat::test::Bytes> fresh;
        for (std::uint32_t i = 0; i < 500; ++i)
            fresh.push_back(packet_of(flows + i));
        row.fresh.push_back(world.time(Side::inside, fresh));
        for (const auto& packet : fresh)
            world.forget(packet);
    }
    return row;
}

}  // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 200;
    std::printf("nanoseconds a packet, median (worst) of %d rounds\n", rounds);
    std::printf("%8s %18s %18s %18s\n", "flows", "out, existing", "in, existing", "out, new");
    for (const std::uint32_t flows : {50u, 1'000u, 10'000u, 60'000u}) {
        const Row row = measure(flows, rounds);
        std::printf("%8u", flows);
        for (const auto* values : {&row.existing, &row.answers, &row.fresh})
            std::printf(" %9.0f (%6.0f)", median(*values),
                        *std::max_element(values->begin(), values->end()));
        std::printf("\n");
    }
}
