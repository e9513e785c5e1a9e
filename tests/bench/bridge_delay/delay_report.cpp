// delay_report [--svg FILE --title TEXT] LABEL=FILE...: a table of the series, in microseconds,
// beside the figures of the 2015 talk, and a scatter plot of them.
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "delays.hpp"
#include "scatter_plot.hpp"

using namespace stemma::bench;

namespace {

std::vector<std::int64_t> insertions(const DelaySeries& series) {
    std::vector<std::int64_t> values;
    for (const auto& flow : series.flows)
        values.push_back(flow.insertion);
    return values;
}

std::vector<std::int64_t> lookups(const DelaySeries& series) {
    std::vector<std::int64_t> values;
    for (const auto& flow : series.flows)
        values.push_back(flow.lookup);
    return values;
}

void print_row(const DelaySeries& series) {
    const auto in = spread(insertions(series));
    const auto out = spread(lookups(series));
    std::printf("  %-34s %7zu  %7.1f %7.1f %7.1f %8.1f   %7.1f %7.1f %7.1f %8.1f\n",
                series.label.c_str(), series.flows.size(), in.min, in.median, in.p99, in.max,
                out.min, out.median, out.p99, out.max);
}

std::vector<double> microseconds(const std::vector<std::int64_t>& values) {
    std::vector<double> out;
    for (const auto value : values)
        out.push_back(static_cast<double>(value) / 1e3);
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    std::string svg, title = "Time between the bridges";
    std::vector<DelaySeries> all;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if ((word == "--svg" || word == "--title") && i + 1 < argc) {
            (word == "--svg" ? svg : title) = argv[++i];
            continue;
        }
        const auto equals = word.rfind('=');
        if (equals == std::string_view::npos) {
            std::fprintf(stderr, "usage: delay_report [--svg FILE --title TEXT] LABEL=FILE...\n");
            return 2;
        }
        auto series = DelaySeries::read(std::string(word.substr(0, equals)),
                                        std::string(word.substr(equals + 1)));
        if (!series) {
            std::fprintf(stderr, "delay_report: %s\n", series.error().c_str());
            return 1;
        }
        all.push_back(std::move(*series));
    }
    if (all.empty()) return 2;

    std::printf("  %-34s %7s  %-33s  %s\n", "", "", "insertions (first packet), us",
                "lookups (the answer), us");
    std::printf("  %-34s %7s  %7s %7s %7s %8s   %7s %7s %7s %8s\n", "", "flows", "min", "median",
                "p99", "max", "min", "median", "p99", "max");
    for (const auto& series : all)
        print_row(series);
    for (const auto& [label, insertion, lookup] :
         {std::tuple{"the talk, 2015: Irmin table", 10'000.0, 220.0},
          std::tuple{"the talk, 2015: hash table", 450.0, 140.0}}) {
        std::printf("  %-34s %7d  %7s %7s %7s %8.1f   %7s %7s %7s %8.1f\n", label, 50, "", "", "",
                    insertion, "", "", "", lookup);
    }

    if (!svg.empty()) {
        static constexpr std::string_view colours[] = {"#c0392b", "#e59866", "#1f618d", "#7fb3d5",
                                                       "#1e8449", "#82e0aa", "#6c3483", "#bb8fce"};
        ScatterPlot plot{title, "flow", "microseconds between the bridges (log)", {}, {}};
        std::size_t colour = 0;
        for (const auto& series : all) {
            plot.series.push_back({series.label + ": insertion", colours[colour++ % 8],
                                   microseconds(insertions(series))});
            plot.series.push_back(
                {series.label + ": lookup", colours[colour++ % 8], microseconds(lookups(series))});
        }
        plot.marks = {{"the talk: Irmin insertion, max 10,000 us", 10'000},
                      {"the talk: hash table insertion, max 450 us", 450}};
        std::ofstream file(svg);
        file << plot.svg();
        if (!file.flush()) {
            std::fprintf(stderr, "delay_report: cannot write %s\n", svg.c_str());
            return 1;
        }
    }
    return 0;
}
