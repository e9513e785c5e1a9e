#include "toolstack/process.hpp"

#include <charconv>
#include <cstdlib>

#include "toolstack/file_text.hpp"

namespace stemma::toolstack {

namespace {

// A field of /proc/PID/stat (proc(5)) after the second; empty when there is no such process.
std::string stat_field(pid_t pid, int number) {
    const auto text = read_file_text("/proc/" + std::to_string(pid) + "/stat", 4096);
    if (!text) return "";
    // The second is the name in parentheses, which may hold anything.
    auto at = text->rfind(')');
    for (int field = 2; field < number && at != std::string::npos; ++field)
        at = text->find(' ', at + 1);
    if (at == std::string::npos) return "";
    return text->substr(at + 1, text->find(' ', at + 1) - at - 1);
}

}  // namespace

std::uint64_t process_start(pid_t pid) {
    return std::strtoull(stat_field(pid, 22).c_str(), nullptr, 10);
}

bool is_stopped(pid_t pid) {
    return stat_field(pid, 3) == "T";
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
    return start != 0 && process_start(pid) == start && stat_field(pid, 3) != "Z";
}

}  // namespace stemma::toolstack
