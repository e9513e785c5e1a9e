#include "log_files.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace stemma::xenstored {

std::vector<LogFile> log_files(const std::string& directory) {
    std::vector<LogFile> found;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(directory, error), end; entry != end;
         entry.increment(error)) {
        if (error) break;
        const std::string name = entry->path().filename().string();
        const auto dot = name.find('.');
        if (dot == std::string::npos) continue;
        LogFile file{entry->path().string(), name.substr(0, dot), 0};
        const char* const last = name.data() + name.size();
        const auto [stopped, failed] = std::from_chars(name.data() + dot + 1, last, file.number);
        if (failed == std::errc() && stopped == last) found.push_back(std::move(file));
    }
    std::ranges::sort(found, {}, &LogFile::number);
    return found;
}

std::string log_file_path(const std::string& directory, std::string_view kind,
                          std::uint64_t number) {
    return directory + '/' + std::string(kind) + '.' + std::to_string(number);
}

}  // namespace stemma::xenstored
