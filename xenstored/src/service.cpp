#include "xenstored/service.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace stemma::xenstored {

namespace {

std::unexpected<std::string> failed(const std::string& what) {
    return std::unexpected(what + ": " + std::strerror(errno));
}

// Waits until the daemon has said how it went, and exits like it.
[[noreturn]] void await_daemon(int from) {
    unsigned char status = 1;
    ssize_t count;
    do {
        count = ::read(from, &status, 1);
    } while (count < 0 && errno == EINTR);
    ::_exit(count == 1 ? status : 1);
}

}  // namespace

std::expected<Daemonizer, std::string> Daemonizer::start(bool fork) {
    Daemonizer daemonizer;
    if (!fork) return daemonizer;
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("pipe");
    Descriptor from(ends[0]);
    daemonizer.starter_ = Descriptor(ends[1]);
    pid_t child = ::fork();
    if (child < 0) return failed("Failed to fork daemon");
    if (child != 0) {
        daemonizer.starter_.reset();
        await_daemon(from.get());
    }
    ::setsid();
    child = ::fork();
    if (child < 0) return failed("Failed to fork daemon");
    if (child != 0) ::_exit(0);
    if (::chdir("/") != 0) return failed("Failed to chdir");
    ::umask(022);  // nobody else may rename the repository away: its parent folder is made here
    daemonizer.forked_ = true;
    return daemonizer;
}

void Daemonizer::report(int status, bool serving) {
    if (!forked_) return;
    if (serving) close_standard_streams();
    const auto byte = static_cast<unsigned char>(status);
    [[maybe_unused]] const auto written = ::write(starter_.get(), &byte, 1);
    starter_.reset();
}

std::expected<PidFile, std::string> lock_pid_file(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return failed("Opening pid file " + path);
    if (::lockf(file.get(), F_TLOCK, 0) != 0) {
        if (errno == EACCES || errno == EAGAIN) return PidFile{{}, true};
        return failed("Locking pid file " + path);
    }
    const std::string text = std::to_string(::getpid()) + '\n';
    if (::ftruncate(file.get(), 0) != 0 ||
        ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return failed("Writing pid file " + path);
    }
    return PidFile{std::move(file), false};
}

std::expected<PidFile, std::string> lock_directory(const std::string& path) {
    Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return failed("Opening " + path);
    if (::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return PidFile{{}, true};
        return failed("Locking " + path);
    }
    return PidFile{std::move(directory), false};
}

void close_standard_streams() {
    const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        ::dup2(null.get(), stream);
}

Descriptor service_manager_socket() {
    const char* const path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    if (path == nullptr || (path[0] != '/' && path[0] != '@')) return {};
    const std::size_t length = std::strlen(path);
    if (length >= sizeof address.sun_path) return {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path, length);
    if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract name space
    Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    if (!socket ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
        return {};
    }
    return socket;
}

void notify_service_manager(const std::string& state) {
    const Descriptor socket = service_manager_socket();
    if (socket) ::send(socket.get(), state.data(), state.size(), MSG_NOSIGNAL);
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace stemma::xenstored
