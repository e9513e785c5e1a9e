#include "xenstored/notify_message.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "xenstored/passed_descriptors.hpp"

namespace stemma::xenstored {

void NotifyMessage::read(std::string_view lines) {
    while (!lines.empty()) {
        const std::string_view line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        if (line == "FDSTORE=1") {
            store = true;
        } else if (line == "FDSTOREREMOVE=1") {
            remove = true;
        } else if (line.starts_with("FDNAME=")) {
            name = line.substr(7);
        } else if (!line.empty() && line != "FDPOLL=0") {
            ready = ready || line == "READY=1";
            others.append(others.empty() ? "" : "\n").append(line);
        }
    }
}

std::optional<NotifyMessage> NotifyMessage::receive(int socket) {
    std::array<char, 4096> text;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(8 * sizeof(int))>
        control;
    iovec part{text.data(), text.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t length = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (length < 0) return std::nullopt;
    NotifyMessage message;
    auto descriptors = passed_descriptors(header);
    if (!descriptors.empty()) message.descriptor = std::move(descriptors.front());
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS) continue;
        ucred sender{};
        std::memcpy(&sender, CMSG_DATA(c), sizeof sender);
        message.sender = sender.pid;
    }
    message.read({text.data(), static_cast<std::size_t>(length)});
    return message;
}

}  // namespace stemma::xenstored
