#include "unix/sandbox.hpp"

#include <fcntl.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <ctime>
#include <functional>

using namespace stemma;

namespace {

struct Descriptors {
    int event_in = eventfd(1, EFD_CLOEXEC);
    int event_out = eventfd(0, EFD_CLOEXEC);
    int console = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int other = open("/dev/null", O_RDWR | O_CLOEXEC);
    int socket_pair[2] = {-1, -1};

    Descriptors() { REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, socket_pair) == 0); }
    ~Descriptors() {
        for (const int fd : {event_in, event_out, console, other, socket_pair[0], socket_pair[1]})
            close(fd);
    }
};

// How a child ends that confines itself and then does `act`: its exit status, or minus the signal.
int end_of_child(const Descriptors& fds, const std::function<bool(const Descriptors&)>& act) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // Catch2 has a handler
        if (!hosted::confine({fds.event_in, fds.event_out, fds.console})) _exit(99);
        _exit(act(fds) ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("what a running guest does is allowed") {
    if (!hosted::is_confining()) return;
    struct Case {
        const char* name;
        std::function<bool(const Descriptors&)> act;
    };
    const Case cases[] = {
        {"read its event",
         [](const Descriptors& fds) {
             std::uint64_t count;
             return read(fds.event_in, &count, 8) == 8;
         }},
        {"wake the server",
         [](const Descriptors& fds) {
             const std::uint64_t one = 1;
             return write(fds.event_out, &one, 8) == 8;
         }},
        {"speak", [](const Descriptors& fds) { return write(fds.console, "x", 1) == 1; }},
        {"send without an address",
         [](const Descriptors& fds) {
             return send(fds.socket_pair[0], nullptr, 0, MSG_DONTWAIT) == 0;
         }},
        {"ask for lost frames",
         [](const Descriptors& fds) {
             // refused by this socket, which is none of packets, but not by the filter
             int value = 0;
             socklen_t size = sizeof value;
             return getsockopt(fds.socket_pair[0], SOL_PACKET, PACKET_STATISTICS, &value, &size) <
                    0;
         }},
        {"wait",
         [](const Descriptors& fds) {
             pollfd wait{fds.event_in, POLLIN, 0};
             return ppoll(&wait, 1, nullptr, nullptr) == 1;
         }},
        {"tell the time",
         [](const Descriptors&) {
             timespec time;
             return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time) == 0;
         }},
        {"random bytes",
         [](const Descriptors&) {
             char byte;
             return getrandom(&byte, 1, 0) == 1;
         }},
        {"memory",
         [](const Descriptors&) {
             std::vector<char> large(1 << 20, 'x');
             large.resize(8 << 20);
             return large[0] == 'x';
         }},
    };
    for (const auto& [name, act] : cases) {
        INFO(name);
        const Descriptors fds;
        CHECK(end_of_child(fds, act) == 0);
    }
    CHECK(end_of_child({}, [](const Descriptors&) -> bool { std::abort(); }) == -SIGABRT);
}

TEST_CASE("anything else kills the process") {
    if (!hosted::is_confining()) return;
    struct Case {
        const char* name;
        std::function<bool(const Descriptors&)> act;
    };
    const Case cases[] = {
        {"open a file",
         [](const Descriptors&) { return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0; }},
        {"make a socket", [](const Descriptors&) { return socket(AF_INET, SOCK_DGRAM, 0) >= 0; }},
        {"write elsewhere", [](const Descriptors& fds) { return write(fds.other, "x", 1) == 1; }},
        {"write elsewhere, the number's upper half set",
         [](const Descriptors& fds) {
             return syscall(SYS_write, std::uint64_t{1} << 32 | static_cast<unsigned>(fds.other),
                            "x", 1) == 1;
         }},
        {"read elsewhere",
         [](const Descriptors& fds) {
             char byte;
             return read(fds.other, &byte, 1) >= 0;
         }},
        {"send to an address",
         [](const Descriptors& fds) {
             const sockaddr address{};
             return sendto(fds.socket_pair[0], nullptr, 0, 0, &address, sizeof address) == 0;
         }},
        {"send a buffer",
         [](const Descriptors& fds) { return send(fds.socket_pair[0], "x", 1, 0) == 1; }},
        {"change a socket",
         [](const Descriptors& fds) {
             const int one = 1;
             return setsockopt(fds.socket_pair[0], SOL_SOCKET, SO_BROADCAST, &one, sizeof one) == 0;
         }},
        {"map a descriptor",
         [](const Descriptors& fds) {
             return mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fds.other, 0) != MAP_FAILED;
         }},
        {"executable memory",
         [](const Descriptors&) {
             return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                         0) != MAP_FAILED;
         }},
        {"make memory executable",
         [](const Descriptors&) {
             static char page[4096];
             return syscall(SYS_mprotect, page, 4096, PROT_EXEC) == 0;
         }},
        {"fork", [](const Descriptors&) { return fork() == 0; }},
        {"kill the parent", [](const Descriptors&) { return kill(getppid(), 0) == 0; }},
        {"signal another", [](const Descriptors&) { return syscall(SYS_tgkill, 1, 1, 0) == 0; }},
        {"another call table",
         [](const Descriptors&) {
             return syscall(0x40000000 | SYS_getpid) >= 0;  // x32
         }},
    };
    for (const auto& [name, act] : cases) {
        INFO(name);
        const Descriptors fds;
        CHECK(end_of_child(fds, act) == -SIGSYS);
    }
}
