#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/configuration.hpp"
#include "toolstack/error.hpp"
#include "toolstack/file_fault.hpp"

namespace stemma::toolstack {

// Gives the text of a zone file that the configuration names, as named there, or the cause in words
// why not.
using ReadZoneFile = std::function<std::expected<std::string, std::string>(const std::string&)>;

inline constexpr std::size_t configuration_text_max = 1u << 20;

// The configuration that a TOML text holds (stemma.toml(5)), or all that is wrong with it.
// Interfaces without a `mac` get generated_mac(). `file` is only for the faults.
std::expected<Configuration, std::vector<FileFault>> parse_configuration(
    std::string_view text, const std::string& file, const ReadZoneFile& read_zone_file);

// The same from a file; zone files are sought relative to it. The error's cause holds one fault a
// line.
Result<Configuration> read_configuration(const std::string& path);

}  // namespace stemma::toolstack
