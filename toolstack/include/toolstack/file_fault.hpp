#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "toolstack/error.hpp"

namespace stemma::toolstack {

// One fault of a file that a person wrote: where, which key, and what is expected there.
struct FileFault {
    std::string file;
    unsigned line = 0;  // from 1; 0: the whole file
    std::string key;    // "guests.nat0.interfaces[1].bridge"; empty: the file's syntax
    std::string cause;

    bool operator==(const FileFault&) const = default;
};

inline constexpr std::size_t faults_max = 20;  // told of one file; the rest is counted

// "net.toml:7: guests.nat0.memory: a whole number of MB from 4 to 1048576 is expected, not 2"
std::string to_string(const FileFault& fault);

// In the order of their lines, no more than are told.
std::vector<FileFault> told(std::vector<FileFault> faults);

// "cannot use WHAT FILE:", then one fault a line.
std::unexpected<Error> file_failure(const std::string& what, const std::string& file,
                                    const std::vector<FileFault>& faults, std::string next);

}  // namespace stemma::toolstack
