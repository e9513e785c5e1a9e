#include "xenstored/socket_calls.hpp"

#include <sys/socket.h>

namespace stemma::xenstored {

namespace {

class Plain final : public SocketCalls {
  public:
    ssize_t receive(ConnectionId, int socket, std::span<std::byte> room) override {
        return ::recv(socket, room.data(), room.size(), MSG_DONTWAIT);
    }
    ssize_t send(ConnectionId, int socket, std::span<iovec> parts) override {
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
};

}  // namespace

SocketCalls& SocketCalls::plain() {
    static Plain calls;
    return calls;
}

}  // namespace stemma::xenstored
