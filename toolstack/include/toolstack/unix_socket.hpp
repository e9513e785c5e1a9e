#pragma once

#include <sys/socket.h>

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "toolstack/descriptor.hpp"

namespace stemma::toolstack {

// A non-blocking, close-on-exec Unix socket of `type` (SOCK_STREAM, SOCK_SEQPACKET) connected to
// `path`; or the cause of failure in words.
std::expected<Descriptor, std::string> connect_unix(const std::string& path, int type);

// A non-blocking listening socket at `path`, for its owner alone (0600); a socket file that nobody
// listens on any more is replaced, one that somebody does is an error.
std::expected<Descriptor, std::string> listen_unix(const std::string& path, int type);

// One datagram with descriptors beside it (SCM_RIGHTS); errno of sendmsg(), 0 when it went. Never
// blocks.
int send_with_descriptors(int socket, std::string_view bytes, std::span<const int> descriptors);

struct Datagram {
    std::string bytes;
    std::vector<Descriptor> descriptors;
    bool truncated = false;
};

// One datagram of at most `bytes_max`, with at most 16 descriptors; further ones are closed by the
// kernel and the datagram marked truncated. An error number where there is none (EAGAIN: later); a
// closed connection gives ENOTCONN.
std::expected<Datagram, int> receive_datagram(int socket, std::size_t bytes_max);

}  // namespace stemma::toolstack
