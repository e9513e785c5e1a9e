#include "packet_socket.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stemma::bench {

std::expected<PacketSocket, std::string> PacketSocket::open(const std::string& interface) {
    const auto failed = [&](const char* call) {
        return std::unexpected(interface + ": " + call + ": " + std::strerror(errno));
    };
    const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return failed("socket");
    PacketSocket socket(fd, {});

    ifreq request{};
    if (interface.size() >= sizeof request.ifr_name) return failed("name too long");
    std::copy(interface.begin(), interface.end(), request.ifr_name);
    if (::ioctl(fd, SIOCGIFHWADDR, &request) != 0) return failed("SIOCGIFHWADDR");
    std::memcpy(socket.mac_.data(), request.ifr_hwaddr.sa_data, 6);
    if (::ioctl(fd, SIOCGIFINDEX, &request) != 0) return failed("SIOCGIFINDEX");

    const int on = 1;
    if (::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0) {
        return failed("SO_TIMESTAMPNS");
    }
    const int room = 4 << 20;  // bytes; a burst that the reader has not got round to yet
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) {
        // within the system's limit of some ninety frames
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    }

    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = request.ifr_ifindex;
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return failed("bind");
    }
    return socket;
}

PacketSocket::~PacketSocket() {
    if (fd_ >= 0) ::close(fd_);
}

bool PacketSocket::send(std::span<const std::uint8_t> frame) {
    return ::send(fd_, frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size());
}

std::optional<PacketSocket::Frame> PacketSocket::receive() {
    iovec data{buffer_.data(), buffer_.size()};
    alignas(cmsghdr) std::array<std::uint8_t, 128> control{};
    sockaddr_ll from{};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t length = ::recvmsg(fd_, &message, 0);
    if (length < 0) return std::nullopt;

    Frame frame{std::span(buffer_).first(static_cast<std::size_t>(length)), 0,
                from.sll_pkttype == PACKET_OUTGOING};
    for (auto* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPNS) {
            timespec time{};
            std::memcpy(&time, CMSG_DATA(part), sizeof time);
            frame.timestamp_ns = time.tv_sec * 1'000'000'000 + time.tv_nsec;
        }
    }
    return frame;
}

}  // namespace stemma::bench
