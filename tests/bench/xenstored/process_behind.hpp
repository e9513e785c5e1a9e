#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace stemma::bench {

// The process that listens on a Unix socket; 0 when nobody can be reached there.
inline pid_t process_behind(const char* path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (std::strlen(path) >= sizeof address.sun_path) return 0;
    std::strcpy(address.sun_path, path);
    ucred peer{};
    socklen_t size = sizeof peer;
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const bool known = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                       ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    ::close(fd);
    return known ? peer.pid : 0;
}

// Microseconds on a processor, all threads together (schedstat's first field is in nanoseconds).
inline double processor_time(pid_t process) {
    double sum = 0;
    const std::string tasks = "/proc/" + std::to_string(process) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
        double nanoseconds = 0;
        std::ifstream(task.path() / "schedstat") >> nanoseconds;
        sum += nanoseconds / 1000;
    }
    return sum;
}

}  // namespace stemma::bench
