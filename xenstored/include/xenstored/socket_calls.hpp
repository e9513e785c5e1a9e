#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <span>

#include "xenstored/connection_id.hpp"

namespace stemma::xenstored {

// The two system calls that move bytes between a socket client and the daemon. They never wait.
class SocketCalls {
  public:
    // As recv(2) and sendmsg(2): what was moved, or -1 and errno.
    virtual ssize_t receive(ConnectionId client, int socket, std::span<std::byte> room) = 0;
    virtual ssize_t send(ConnectionId client, int socket, std::span<iovec> parts) = 0;

    // Nobody remembers what was moved.
    static SocketCalls& plain();

  protected:
    ~SocketCalls() = default;
};

}  // namespace stemma::xenstored
