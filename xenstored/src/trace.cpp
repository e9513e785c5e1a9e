#include "xenstored/trace.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace stemma::xenstored {

std::string_view operation_name(xs::MessageType type) {
    static constexpr std::array<std::string_view, 27> names{"CONTROL",
                                                            "DIRECTORY",
                                                            "READ",
                                                            "GET_PERMS",
                                                            "WATCH",
                                                            "UNWATCH",
                                                            "TRANSACTION_START",
                                                            "TRANSACTION_END",
                                                            "INTRODUCE",
                                                            "RELEASE",
                                                            "GET_DOMAIN_PATH",
                                                            "WRITE",
                                                            "MKDIR",
                                                            "RM",
                                                            "SET_PERMS",
                                                            "WATCH_EVENT",
                                                            "ERROR",
                                                            "IS_DOMAIN_INTRODUCED",
                                                            "RESUME",
                                                            "SET_TARGET",
                                                            "",
                                                            "RESET_WATCHES",
                                                            "DIRECTORY_PART",
                                                            "GET_FEATURE",
                                                            "SET_FEATURE",
                                                            "GET_QUOTA",
                                                            "SET_QUOTA"};
    const auto index = static_cast<std::size_t>(type);
    return index < names.size() && !names[index].empty() ? names[index] : "**UNKNOWN**";
}

std::expected<Trace, std::string> Trace::open(const std::string& path) {
    Trace trace(path);
    trace.reopen();
    if (!trace.file_) {
        return std::unexpected("Could not open tracefile " + path + ": " + std::strerror(errno));
    }
    return trace;
}

void Trace::reopen() {
    file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
}

void Trace::line(std::string_view direction, ConnectionId connection, xs::MessageType type,
                 std::string_view payload) {
    if (!file_) return;
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::localtime_r(&now, &parts);
    std::array<char, 80> head;
    std::array<char, 24> time;
    std::strftime(time.data(), time.size(), "%Y%m%d %H:%M:%S", &parts);
    const int length =
        std::snprintf(head.data(), head.size(), " 0x%llx %s ",
                      static_cast<unsigned long long>(connection.value), time.data());
    std::string text(direction);
    text.append(head.data(), static_cast<std::size_t>(length)).append(operation_name(type));
    text += " (";
    const std::size_t begin = text.size();
    text += payload;
    std::replace(text.begin() + static_cast<std::ptrdiff_t>(begin), text.end(), '\0', ' ');
    text += ")\n";
    // A full disk loses lines of the trace, and nothing else.
    [[maybe_unused]] const auto written = ::write(file_.get(), text.data(), text.size());
}

}  // namespace stemma::xenstored
