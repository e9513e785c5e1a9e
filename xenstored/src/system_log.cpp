#include "xenstored/system_log.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace stemma::xenstored {

namespace {

constexpr int facility_daemon = 3 << 3;  // LOG_DAEMON

}  // namespace

void SystemLog::say(Severity severity, std::string_view text) {
    std::fprintf(stderr, "xenstored: %.*s\n", static_cast<int>(text.size()), text.data());

    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::localtime_r(&now, &parts);
    char time[32];
    std::strftime(time, sizeof time, "%b %e %T", &parts);
    char head[80];
    const int length = std::snprintf(
        head, sizeof head, "<%d>%s xenstored[%ld]: ", facility_daemon | static_cast<int>(severity),
        time, long{::getpid()});
    std::string line(head, static_cast<std::size_t>(length));
    line.append(text);
    // The log daemon may have been started anew since the last line.
    if (!send(line)) {
        socket_.reset();
        send(line);
    }
}

bool SystemLog::send(std::string_view line) {
    if (!socket_) {
        socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (!socket_ || path_.size() >= sizeof address.sun_path) return false;
        std::ranges::copy(path_, address.sun_path);
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
        if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
            return false;
        }
    }
    return ::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}

}  // namespace stemma::xenstored
