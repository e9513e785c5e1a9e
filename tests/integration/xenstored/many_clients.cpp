// Connects COUNT clients to a daemon, each with a watch; a write reaches all of them, each gets
// its replies, and when half of them hang up the rest are still served.
//
//   many_clients SOCKET COUNT
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "xs_wire/message.hpp"

namespace {

using stemma::xs::Header;
using stemma::xs::MessageType;

[[noreturn]] void fail(const std::string& why) {
    std::fprintf(stderr, "many_clients: %s\n", why.c_str());
    std::exit(1);
}

int connected(const char* path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail(std::string("connect: ") + std::strerror(errno));
    }
    return fd;
}

void send(int fd, MessageType type, const std::string& payload) {
    std::string bytes(Header::size, '\0');
    Header{type, 1, 0, static_cast<std::uint32_t>(payload.size())}.write(
        std::as_writable_bytes(std::span(bytes)).first<Header::size>());
    bytes += payload;
    if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        fail("write");
    }
}

void expect(int fd, MessageType type) {
    const auto all = [&](void* to, std::size_t size) {
        for (std::size_t got = 0; got < size;) {
            const ssize_t count = ::read(fd, static_cast<char*>(to) + got, size - got);
            if (count <= 0) fail("closed by the daemon");
            got += static_cast<std::size_t>(count);
        }
    };
    std::array<std::byte, Header::size> bytes;
    all(bytes.data(), bytes.size());
    const Header header = Header::read(bytes);
    if (header.type != type) {
        fail("message " + std::to_string(static_cast<unsigned>(header.type)) + " instead of " +
             std::to_string(static_cast<unsigned>(type)));
    }
    std::string payload(header.length, '\0');
    all(payload.data(), payload.size());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) fail("usage: many_clients SOCKET COUNT");
    auto count = static_cast<std::size_t>(std::atol(argv[2]));
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    if (count + 64 > limit.rlim_cur) {
        std::printf("skipped: %zu descriptors are allowed\n",
                    static_cast<std::size_t>(limit.rlim_cur));
        return 77;
    }
    std::vector<int> clients;
    for (std::size_t i = 0; i < count; ++i) {
        clients.push_back(connected(argv[1]));
        send(clients.back(), MessageType::watch, std::string("/many\0t\0", 8));
    }
    for (const int fd : clients) {
        expect(fd, MessageType::watch);
        expect(fd, MessageType::watch_event);
    }
    const int writer = connected(argv[1]);
    for (int round = 0; round < 3; ++round) {
        send(writer, MessageType::write, std::string("/many\0x", 7));
        expect(writer, MessageType::write);
        for (const int fd : clients)
            expect(fd, MessageType::watch_event);
    }
    for (std::size_t i = 0; i < count / 2; ++i)
        ::close(clients[i]);
    for (std::size_t i = count / 2; i < count; ++i)
        send(clients[i], MessageType::read, std::string("/many\0", 6));
    for (std::size_t i = count / 2; i < count; ++i)
        expect(clients[i], MessageType::read);
    std::printf("%zu clients\n", count);
    return 0;
}
