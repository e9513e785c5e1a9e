#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

// The corpus: text files of named sequences (README in the corpus' folder says how they are
// written).
namespace conformance {

// One thing done.
struct Step {
    std::string text;      // a command, as written
    std::string variable;  // of a "for": done once for each value
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    int line = 0;
    // A deliberate difference: the name of its reason (empty: none), and what ours says instead.
    std::string difference;
    bool by_chance = false;  // C may say the same
    std::vector<std::string> ours;
};

struct Sequence {
    std::string file;
    std::string name;
    int line = 0;
    std::vector<Step> steps;  // those before the file's first sequence included

    bool uses_sockets() const;
};

// The sequences of one file; an error says where.
std::expected<std::vector<Sequence>, std::string> read_sequences(const std::string& path);

// Reasons by name, from lines "name: text", continued by lines that begin with a blank.
std::expected<std::map<std::string, std::string>, std::string> read_reasons(
    const std::string& path);

}  // namespace conformance
