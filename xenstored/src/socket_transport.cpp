#include "xenstored/socket_transport.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace stemma::xenstored {

std::expected<std::size_t, Transport::End> SocketTransport::read(std::span<std::byte> room) {
    for (;;) {
        const ssize_t count = ::recv(socket_.get(), room.data(), room.size(), 0);
        if (count > 0) return static_cast<std::size_t>(count);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return 0;
        return std::unexpected(End::closed);
    }
}

std::expected<std::size_t, Transport::End> SocketTransport::write(
    std::span<const std::span<const std::byte>> parts) {
    std::array<iovec, 64> vector;
    const std::size_t used = std::min(parts.size(), vector.size());
    for (std::size_t i = 0; i < used; ++i) {
        vector[i].iov_base = const_cast<std::byte*>(parts[i].data());  // sendmsg only reads it
        vector[i].iov_len = parts[i].size();
    }
    msghdr message{};
    message.msg_iov = vector.data();
    message.msg_iovlen = used;
    for (;;) {
        const ssize_t count = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == ENOBUFS) return 0;
        return std::unexpected(End::closed);
    }
}

void SocketTransport::interest(bool readable, bool writable) {
    if (readable == readable_ && writable == writable_) return;
    readable_ = readable;
    writable_ = writable;
    poller_->change(socket_.get(), key_, readable, writable);
}

}  // namespace stemma::xenstored
