#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/configuration.hpp"
#include "toolstack/error.hpp"

namespace stemma::toolstack {

// One fault of a configuration file: where, which key, and what is expected there.
struct FileFault {
    std::string file;
    unsigned line = 0;  // from 1; 0: the whole file
    std::string key;    // "guests.nat0.interfaces[1].bridge"; empty: the file's syntax
    std::string cause;

    bool operator==(const FileFault&) const = default;
};

// "net.toml:7: guests.nat0.memory: a whole number of MB from 4 to 1024 is expected, not a string"
std::string to_string(const FileFault& fault);

// Gives the text of a zone file that the configuration names, as named there, or the cause in words
// why not.
using ReadZoneFile = std::function<std::expected<std::string, std::string>(const std::string&)>;

inline constexpr std::size_t configuration_text_max = 1u << 20;
inline constexpr std::size_t faults_max = 20;  // told of one file; the rest is counted

// The configuration that a TOML text holds (stemma.toml(5)), or all that is wrong with it.
// Interfaces without a `mac` get generated_mac(). `file` is only for the faults.
std::expected<Configuration, std::vector<FileFault>> parse_configuration(
    std::string_view text, const std::string& file, const ReadZoneFile& read_zone_file);

// The same from a file; zone files are sought relative to it. The error's cause holds one fault a
// line.
Result<Configuration> read_configuration(const std::string& path);

}  // namespace stemma::toolstack
