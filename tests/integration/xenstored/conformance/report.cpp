#include "report.hpp"

#include <algorithm>
#include <cstdio>

namespace conformance {

namespace {

const std::vector<std::string>& at(const Transcript& transcript, std::size_t step) {
    static const std::vector<std::string> none;
    return step < transcript.size() ? transcript[step] : none;
}

// A line of the corpus that ends in "…" says how a line has to begin.
bool as_wanted(const std::vector<std::string>& lines, const std::vector<std::string>& wanted) {
    constexpr std::string_view and_so_on = "…";
    return std::ranges::equal(lines, wanted, [&](const std::string& line, std::string_view want) {
        if (!want.ends_with(and_so_on)) return line == want;
        return line.starts_with(want.substr(0, want.size() - and_so_on.size()));
    });
}

}  // namespace

std::optional<std::size_t> first_fault(const Sequence& sequence, const Result& result) {
    for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
        const Step& step = sequence.steps[i];
        const bool same = at(*result.c, i) == at(*result.ours, i);
        const bool marked = !step.difference.empty();
        if (!same && (!marked || !as_wanted(at(*result.ours, i), step.ours))) return i;
        if (same && marked && !step.by_chance) return i;
    }
    return std::nullopt;
}

void print_lines(const char* mark, const std::vector<std::string>& lines) {
    constexpr std::size_t shown = 200;
    for (const std::string& line : lines)
        std::printf("      %s %s%s\n", mark, line.substr(0, shown).c_str(),
                    line.size() > shown ? "…" : "");
    if (lines.empty()) std::printf("      %s (nothing)\n", mark);
}

void show(const Sequence& sequence, const Result& result) {
    std::printf("== %s (%s:%d)\n", sequence.name.c_str(), sequence.file.c_str(), sequence.line);
    if (!result.error.empty()) std::printf("    %s\n", result.error.c_str());
    for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
        std::printf("  %s\n", sequence.steps[i].text.c_str());
        if (!result.c) continue;
        print_lines("C   ", at(*result.c, i));
        if (result.ours && at(*result.ours, i) != at(*result.c, i)) {
            print_lines("ours", at(*result.ours, i));
        }
        if (result.oxenstored && at(*result.oxenstored, i) != at(*result.c, i)) {
            print_lines("ox  ", at(*result.oxenstored, i));
        }
    }
}

void Report::judge(const Sequence& sequence, const Result& result) {
    ++sequences_;
    requests_ += result.requests;
    if (!result.error.empty()) return wrong(sequence, result.error);
    bool deliberate = false;
    for (const Step& step : sequence.steps) {
        if (step.difference.empty()) continue;
        deliberate = true;
        ++uses_[step.difference];
        if (!reasons_.contains(step.difference)) {
            wrong(sequence, "no reason is called '" + step.difference + "'");
        }
    }
    if (const auto fault = first_fault(sequence, result)) {  // what follows, follows from it
        const Step& step = sequence.steps[*fault];
        wrong(sequence, std::to_string(step.line) + ": " + step.text);
        print_lines("C   ", at(*result.c, *fault));
        print_lines("ours", at(*result.ours, *fault));
        if (!step.difference.empty()) print_lines("want", step.ours);
    } else {
        ++(deliberate ? differing_ : identical_);
    }
    if (result.oxenstored) {
        ++oxenstored_played_;
        if (*result.oxenstored != *result.c) oxenstored_differs_.push_back(&sequence);
    }
}

int Report::finish(bool list_oxenstored) {
    for (const auto& [reason, text] : reasons_) {
        if (!uses_.contains(reason)) {
            std::printf("FAILED: nothing shows the difference '%s'\n", reason.c_str());
            failed_ = true;
        }
    }
    std::printf(
        "%zu sequences, %zu requests: %zu identical to C xenstored 4.17, "
        "%zu with deliberate differences, %zu wrong\n",
        sequences_, requests_, identical_, differing_, sequences_ - identical_ - differing_);
    if (!uses_.empty()) std::printf("deliberate differences:\n");
    for (const auto& [reason, count] : uses_)
        std::printf("  %s (%zu): %s\n", reason.c_str(), count, reasons_[reason].c_str());
    if (oxenstored_played_ > 0) {
        std::printf("oxenstored 4.17, for comparison: %zu of %zu sequences are as C's\n",
                    oxenstored_played_ - oxenstored_differs_.size(), oxenstored_played_);
        for (const Sequence* sequence : oxenstored_differs_) {
            if (list_oxenstored) {
                std::printf("  differs: %s: %s\n", sequence->file.c_str(), sequence->name.c_str());
            }
        }
    }
    return failed_ ? 1 : 0;
}

void Report::wrong(const Sequence& sequence, const std::string& why) {
    std::printf("FAILED: %s:%d: %s\n    %s\n", sequence.file.c_str(), sequence.line,
                sequence.name.c_str(), why.c_str());
    failed_ = true;
}

}  // namespace conformance
