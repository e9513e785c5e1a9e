#include "xenstored/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace stemma::xenstored {

std::expected<Descriptor, std::string> listen_unix(const std::string& path, int type) {
    const auto failed = [&](const char* call) {
        return std::unexpected(path + ": " + call + ": " + std::strerror(errno));
    };
    sockaddr_un address{};
    if (path.size() >= sizeof address.sun_path) {
        return std::unexpected("socket string '" + path + "' too long");
    }
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());

    Descriptor fd(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return failed("socket");
    ::unlink(path.c_str());
    // The mode must be right from the start, or a client could slip in before a chmod.
    const mode_t mask = ::umask(0177);
    const int bound = ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::umask(mask);
    if (bound != 0) return failed("bind");
    if (::listen(fd.get(), SOMAXCONN) != 0) return failed("listen");
    return fd;
}

}  // namespace stemma::xenstored
