#include "toolstack/unix_socket.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace stemma::toolstack {

namespace {

constexpr std::size_t descriptors_max = 16;

std::expected<sockaddr_un, std::string> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return std::unexpected("the path is longer than a socket's may be (107 bytes)");
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

// The socket calls take any family through this type.
const sockaddr* generic(const sockaddr_un& address) {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

}  // namespace

std::expected<Descriptor, std::string> connect_unix(const std::string& path, int type) {
    const auto address = address_of(path);
    if (!address) return std::unexpected(address.error());
    Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    if (!socket) return std::unexpected(std::strerror(errno));
    // A full backlog makes connect() wait, at most this long; there is nothing to poll for.
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (::connect(socket.get(), generic(*address), sizeof *address) != 0) {
        return std::unexpected(std::strerror(errno));
    }
    if (::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0) {
        return std::unexpected(std::strerror(errno));
    }
    return socket;
}

std::expected<Descriptor, std::string> listen_unix(const std::string& path, int type) {
    const auto address = address_of(path);
    if (!address) return std::unexpected(address.error());
    if (connect_unix(path, type)) return std::unexpected("another process listens there");
    ::unlink(path.c_str());
    Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return std::unexpected(std::strerror(errno));
    // Before bind() creates the file, so that there is no instant at which others could connect.
    if (::fchmod(socket.get(), 0600) != 0) return std::unexpected(std::strerror(errno));
    if (::bind(socket.get(), generic(*address), sizeof *address) != 0 ||
        ::listen(socket.get(), 64) != 0) {
        return std::unexpected(std::strerror(errno));
    }
    return socket;
}

int send_with_descriptors(int socket, std::string_view bytes, std::span<const int> descriptors) {
    iovec part{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_max * sizeof(int))> control{};
    if (!descriptors.empty()) {
        if (descriptors.size() > descriptors_max) return EINVAL;
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
        std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
    }
    while (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

std::expected<Datagram, int> receive_datagram(int socket, std::size_t bytes_max) {
    Datagram datagram;
    datagram.bytes.resize(bytes_max);
    iovec part{datagram.bytes.data(), datagram.bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_max * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t size = 0;
    while ((size = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0) {
        if (errno != EINTR) return std::unexpected(errno);
    }
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            datagram.descriptors.emplace_back(fd);
        }
    }
    if (size == 0 && datagram.descriptors.empty()) return std::unexpected(ENOTCONN);
    datagram.bytes.resize(static_cast<std::size_t>(size));
    datagram.truncated = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    return datagram;
}

}  // namespace stemma::toolstack
