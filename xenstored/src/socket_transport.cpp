#include "xenstored/socket_transport.hpp"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace stemma::xenstored {

// The peer shall see the end although the service manager may hold the socket for a moment longer.
SocketTransport::~SocketTransport() {
    poller_->remove(socket_.get());
    ::shutdown(socket_.get(), SHUT_RDWR);
    if (store_ != nullptr) store_->remove("client." + std::to_string(key_.id));
}

std::expected<std::size_t, Transport::End> SocketTransport::read(std::span<std::byte> room) {
    for (;;) {
        const ssize_t count = calls_->receive({key_.id}, socket_.get(), room);
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
    for (;;) {
        const ssize_t count = calls_->send({key_.id}, socket_.get(), std::span(vector).first(used));
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
