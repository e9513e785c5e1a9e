#include "toolstack/agent/guest_restarter.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "toolstack/agent/guest_process.hpp"

namespace stemma::toolstack {

namespace {

constexpr std::chrono::seconds quick_end{10};
constexpr int quick_ends_max = 3;

}  // namespace

void GuestRestarter::restart(const std::string& name, std::chrono::steady_clock::duration lived) {
    int& quick = quick_ends_[name];
    quick = lived < quick_end ? quick + 1 : 0;
    if (quick >= quick_ends_max) {
        log_(name + " ended " + std::to_string(quick) + " times within 10 s of its start: it is " +
             "not started again; stemma console " + name + " may say why");
        quick_ends_.erase(name);
        return;
    }
    std::string program = "/proc/self/exe", command = "create", guest = name, no_wait = "--no-wait";
    std::array<char*, 5> arguments{program.data(), command.data(), guest.data(), no_wait.data(),
                                   nullptr};
    pid_t pid = 0;
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int error =
        ::posix_spawn(&pid, program.c_str(), nullptr, &attributes, arguments.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) return log_(name + " could not be started again");
    log_(name + " is started again");
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    loop_.add(pidfd, EPOLLIN, [this, pidfd, name](std::uint32_t) {
        loop_.remove(pidfd);
        const auto ending = reap(pidfd);
        ::close(pidfd);
        if (ending.crashed) log_(name + " could not be started again: " + ending.text);
    });
}

}  // namespace stemma::toolstack
