#include "xenstored/passed_descriptors.hpp"

#include <cstring>

namespace stemma::xenstored {

std::vector<Descriptor> passed_descriptors(msghdr& message) {
    std::vector<Descriptor> found;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t bytes = c->cmsg_len - CMSG_LEN(0);
        for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c) + at, sizeof fd);
            found.emplace_back(fd);
        }
    }
    return found;
}

}  // namespace stemma::xenstored
