#include "toolstack/xen/link_watch.hpp"

#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace stemma::toolstack {

Result<std::unique_ptr<LinkWatch>> LinkWatch::open(NetlinkLinks& links) {
    std::unique_ptr<LinkWatch> watch(new LinkWatch(links, nl_socket_alloc()));
    int error = watch->socket_ == nullptr ? -NLE_NOMEM : nl_connect(watch->socket_, NETLINK_ROUTE);
    if (error >= 0) error = nl_socket_add_membership(watch->socket_, RTNLGRP_LINK);
    if (error < 0) {
        return failure(ErrorKind::failed, "watch", "the network links", nl_geterror(error));
    }
    return watch;
}

LinkWatch::~LinkWatch() {
    if (socket_ != nullptr) nl_socket_free(socket_);
}

// A word of the kernel says only that something changed: the link itself is then looked at, so that
// words lost to a full buffer cost nothing.
Result<bool> LinkWatch::wait(const std::string& name, bool present, Deadline deadline) {
    const int fd = nl_socket_get_fd(socket_);
    for (;;) {
        const auto found = links_.find(name);
        if (!found) return std::unexpected(found.error());
        if (found->has_value() == present) return true;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd waiting{fd, POLLIN, 0};
        const int timeout = static_cast<int>(std::max<std::int64_t>(0, left.count()));
        const int ready = ::poll(&waiting, 1, timeout);
        if (ready == 0) return false;
        if (ready < 0 && errno != EINTR)
            return system_failure("wait for", "the link " + name, errno);
        std::array<char, 8192> word;
        while (::recv(fd, word.data(), word.size(), MSG_DONTWAIT) > 0) {
        }
    }
}

}  // namespace stemma::toolstack
