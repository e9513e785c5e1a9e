#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace stemma::bench {

// What was measured of one flow, in nanoseconds.
struct FlowDelay {
    std::int64_t insertion;  // its first packet, inside to outside: a new entry
    std::int64_t lookup;     // the answer, outside to inside: an entry that exists
};

// One measured series: a file of "insertion_ns,lookup_ns" lines under a heading line.
struct DelaySeries {
    std::string label;
    std::vector<FlowDelay> flows;

    // `path` may not exist or hold anything else: the error names the file and the line.
    static std::expected<DelaySeries, std::string> read(std::string label, const std::string& path);
};

struct Spread {
    double min, median, p99, max;  // microseconds
};

// Of at least one value; p99 by the nearest-rank method.
Spread spread(std::vector<std::int64_t> nanoseconds);

}  // namespace stemma::bench
