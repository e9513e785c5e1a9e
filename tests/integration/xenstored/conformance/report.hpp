#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "player.hpp"
#include "script.hpp"

namespace conformance {

// What came of one sequence.
struct Result {
    std::optional<Transcript> c, ours, oxenstored;
    std::size_t requests = 0;
    std::string error;  // why it could not be played
};

// The first step at which ours does not say what it has to say.
std::optional<std::size_t> first_fault(const Sequence& sequence, const Result& result);

// Lines as they are printed, each after the mark.
void print_lines(const char* mark, const std::vector<std::string>& lines);
// All of it: what C says, and what the others say where they differ.
void show(const Sequence& sequence, const Result& result);

// Judges results and prints what is wrong as it goes.
class Report {
  public:
    // `reasons`: for deliberate differences, by name.
    explicit Report(std::map<std::string, std::string> reasons) : reasons_(std::move(reasons)) {}

    void judge(const Sequence& sequence, const Result& result);
    // Prints the counts, the differences with their reasons, and how oxenstored compares. The exit
    // status.
    int finish(bool list_oxenstored);

  private:
    void wrong(const Sequence& sequence, const std::string& why);

    std::map<std::string, std::string> reasons_;
    std::map<std::string, std::size_t> uses_;
    std::size_t sequences_ = 0, requests_ = 0, identical_ = 0, differing_ = 0;
    std::size_t oxenstored_played_ = 0;
    std::vector<const Sequence*> oxenstored_differs_;
    bool failed_ = false;
};

}  // namespace conformance
