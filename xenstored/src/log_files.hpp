#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace stemma::xenstored {

// The files of a restart log in their directory: "KIND.NUMBER".
struct LogFile {
    std::string path;
    std::string kind;
    std::uint64_t number = 0;
};

// In order of their numbers; none where there is no directory.
std::vector<LogFile> log_files(const std::string& directory);

std::string log_file_path(const std::string& directory, std::string_view kind,
                          std::uint64_t number);

}  // namespace stemma::xenstored
