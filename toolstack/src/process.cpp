#include "toolstack/process.hpp"

#include <charconv>
#include <cstdlib>

#include "toolstack/file_text.hpp"

namespace stemma::toolstack {

std::uint64_t process_start(pid_t pid) {
    const auto text = read_file_text("/proc/" + std::to_string(pid) + "/stat", 4096);
    if (!text) return 0;
    // Field 22; the second is the name in parentheses, which may hold anything.
    auto at = text->rfind(')');
    for (int field = 2; field < 22 && at != std::string::npos; ++field)
        at = text->find(' ', at + 1);
    return at == std::string::npos ? 0 : std::strtoull(text->c_str() + at, nullptr, 10);
}

std::string process_name(pid_t pid) {
    return std::to_string(pid) + ' ' + std::to_string(process_start(pid));
}

bool is_alive(std::string_view process) {
    pid_t pid = 0;
    std::uint64_t start = 0;
    const char* const end = process.data() + process.size();
    const auto [rest, error] = std::from_chars(process.data(), end, pid);
    if (error != std::errc() || rest == end) return false;
    std::from_chars(rest + 1, end, start);
    return start != 0 && process_start(pid) == start;
}

}  // namespace stemma::toolstack
