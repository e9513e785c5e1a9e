#include "delays.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace stemma::bench {

std::expected<DelaySeries, std::string> DelaySeries::read(std::string label,
                                                          const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::unexpected(path + ": cannot be opened");
    DelaySeries series{std::move(label), {}};
    std::string line;
    std::getline(file, line);
    for (int number = 2; std::getline(file, line); ++number) {
        FlowDelay flow{};
        const char* const end = line.data() + line.size();
        const auto first = std::from_chars(line.data(), end, flow.insertion);
        if (first.ec != std::errc() || first.ptr == end || *first.ptr != ',' ||
            std::from_chars(first.ptr + 1, end, flow.lookup).ptr != end) {
            return std::unexpected(path + ":" + std::to_string(number) +
                                   ": not two numbers: " + line);
        }
        series.flows.push_back(flow);
    }
    if (series.flows.empty()) return std::unexpected(path + ": no flows in it");
    return series;
}

Spread spread(std::vector<std::int64_t> values) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double part) {
        const auto rank =
            static_cast<std::size_t>(part * static_cast<double>(values.size()) + 0.999999);
        return static_cast<double>(values[std::clamp<std::size_t>(rank, 1, values.size()) - 1]) /
               1e3;
    };
    return {at(0), at(0.5), at(0.99), at(1)};
}

}  // namespace stemma::bench
