#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "nat/translator.hpp"
#include "packets.hpp"

namespace stemma::nat::test {

// A translator between 10.0.1.1/24 (inside) and 10.0.0.1/24 (outside), with a clock set by hand.
struct TranslatorRig {
    explicit TranslatorRig(const FlowTableOptions& options = {},
                           const TranslatorOptions& addresses = default_addresses())
        : table(options, entropy, 0), translator(addresses, table, counters, 0x7777) {}

    static TranslatorOptions default_addresses() {
        return {.inside = *net::parse_interface("10.0.1.1/24"),
                .outside = *net::parse_interface("10.0.0.1/24"),
                .inside_mtu = 1500,
                .outside_mtu = 1500};
    }
    static FlowTableOptions filtered(Filtering filtering) {
        FlowTableOptions options;
        options.filtering = filtering;
        return options;
    }

    // What came of a packet: the verdict, the packet as it is now, and what was counted.
    struct Result {
        Verdict verdict;
        Bytes packet;
        std::string counted;
    };

    Result give(Side from, Bytes packet) {
        const Counters before = counters;
        const Bytes original = packet;
        Result result;
        result.verdict = translator.translate(from, packet, now(), seconds);
        for (std::size_t i = 0; i < counter_count; ++i) {
            if (counters.at(i) == before.at(i)) continue;
            if (!result.counted.empty()) result.counted += ' ';
            result.counted += counter_names[i].substr(4);
        }
        // Only a packet that goes on may be changed: an ICMP error shows the sender his own.
        if (result.verdict.action != Verdict::Action::forward) CHECK(packet == original);
        result.packet = std::move(packet);
        return result;
    }
    Result out(Bytes packet) { return give(Side::inside, std::move(packet)); }
    Result in(Bytes packet) { return give(Side::outside, std::move(packet)); }

    rt::Instant now() const { return rt::Instant{} + rt::Duration::seconds(seconds); }
    // Time goes by, a second at a time.
    void pass(Tick duration) {
        for (Tick i = 0; i < duration; ++i)
            table.expire(++seconds, 1'000'000);
    }

    SeededEntropy entropy;
    Counters counters;
    FlowTable table;
    Translator translator;
    Tick seconds = 0;
};

// One packet of a table of cases, and what is to come of it.
struct Step {
    const char* what;
    Side from;
    Bytes packet;
    Verdict::Action action;
    const char* counted;
    std::optional<Bytes> result = std::nullopt;  // for forward
    Side to = Side::outside;
};

// The steps happen one after the other to one translator.
inline void run_steps(TranslatorRig& rig, const std::vector<Step>& steps) {
    for (const auto& step : steps) {
        CAPTURE(step.what);
        const auto result = rig.give(step.from, step.packet);
        CHECK(result.counted == step.counted);
        CHECK(result.verdict.action == step.action);
        if (!step.result) continue;
        CHECK(result.verdict.to == step.to);
        CHECK(result.packet == *step.result);
        CHECK(checksums_are_good(result.packet));
    }
    CHECK(rig.table.is_consistent());
}

constexpr auto forward = Verdict::Action::forward;
constexpr auto dropped = Verdict::Action::drop;
constexpr auto local = Verdict::Action::local;
constexpr auto answered = Verdict::Action::answer;

}  // namespace stemma::nat::test
