#include "xenstored/trace.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "xs_wire/operation_names.hpp"

namespace stemma::xenstored {

std::string_view operation_name(xs::MessageType type) {
    const auto index = static_cast<std::size_t>(type);
    const bool known = index < xs::operation_names.size() && type != xs::MessageType::restrict;
    return known ? xs::operation_names[index] : "**UNKNOWN**";
}

Descriptor open_log_file(const std::string& path) {
    return Descriptor(::open(
        path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600));
}

std::expected<Trace, std::string> Trace::open(const std::string& path) {
    Trace trace;
    if (!trace.set_file(path)) {
        return std::unexpected("Could not open tracefile " + path + ": " + std::strerror(errno));
    }
    return trace;
}

bool Trace::set_file(std::string path) {
    path_ = std::move(path);
    file_.reset();
    reopen();
    return is_open();
}

void Trace::reopen() {
    if (path_.empty()) return;
    file_ = open_log_file(path_);
    if (file_) write("\n***\n");
}

bool Trace::set_switch(std::string_view text) {
    static constexpr std::array<std::string_view, 5> names{"obj", "io", "wrl", "acc", "tdb"};
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return false;
    const auto found = std::ranges::find(names, text.substr(1));
    if (found == names.end()) return false;
    const auto bit = static_cast<std::uint8_t>(1u << (found - names.begin()));
    classes_ = static_cast<std::uint8_t>(text.front() == '+' ? classes_ | bit : classes_ & ~bit);
    return true;
}

void Trace::write(std::string_view text) {
    // A full disk loses lines of the trace, and nothing else.
    [[maybe_unused]] const auto written = ::write(file_.get(), text.data(), text.size());
}

void Trace::note(Class of, std::string_view text) {
    if (shows(of)) write(std::string(text) + '\n');
}

void Trace::object(std::string_view what, std::string_view kind, std::uint64_t number) {
    if (!shows(Class::obj)) return;
    std::array<char, 24> digits;
    std::snprintf(digits.data(), digits.size(), " 0x%llx\n",
                  static_cast<unsigned long long>(number));
    write(std::string(what).append(kind).append(digits.data()));
}

bool Trace::append(std::string_view lines) {
    if (!file_ && path_.empty()) return false;
    const Descriptor again = file_ ? Descriptor() : open_log_file(path_);
    const int fd = file_ ? file_.get() : again.get();
    return ::write(fd, lines.data(), lines.size()) == static_cast<ssize_t>(lines.size());
}

void Trace::line(std::string_view direction, ConnectionId connection, xs::MessageType type,
                 std::string_view payload) {
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
    write(text);
}

}  // namespace stemma::xenstored
