// What the stand-in answers in the kernel's place: Xen's files in /proc, the clocks, and the calls
// in which a daemon sleeps, for the driver wants to know when it rests. The real calls are made
// past libc, which would otherwise find these functions again.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "machine.hpp"

namespace {

using stand_in::machine;

int text_file(const char* content) {
    const int fd = ::memfd_create("xen-stand-in", MFD_CLOEXEC);
    if (fd < 0 || ::write(fd, content, std::strlen(content)) < 0) return -1;
    ::lseek(fd, 0, SEEK_SET);
    return fd;
}

// A descriptor for one of Xen's files; -1 for any other path.
int xen_file(const char* path) {
    if (std::strcmp(path, "/proc/xen/xsd_port") == 0) return text_file("1");
    if (std::strcmp(path, "/proc/xen/xsd_kva") == 0) {
        return ::fcntl(machine().memory, F_DUPFD_CLOEXEC, 3);  // its first page is the ring
    }
    if (std::strcmp(path, "/proc/xen/capabilities") == 0) return text_file("control_d\n");
    return -1;
}

bool is_xen_file(const char* path) {
    for (const char* name : {"xsd_port", "xsd_kva", "capabilities"}) {
        if (std::strncmp(path, "/proc/xen/", 10) == 0 && std::strcmp(path + 10, name) == 0) {
            return true;
        }
    }
    return false;
}

int open_at(int directory, const char* path, int flags, mode_t mode) {
    const int fd = xen_file(path);
    if (fd >= 0) return fd;
    return static_cast<int>(::syscall(SYS_openat, directory, path, flags, mode));
}

// Calls `sleep(0)` and, if nothing was ready, says so before `sleep(timeout)`.
template <class Sleep>
auto rest(int timeout, Sleep sleep) {
    if (timeout == 0 || !machine().driven) return sleep(timeout);
    const std::uint64_t stimuli = machine().host->stimuli;
    const auto ready = sleep(0);
    if (ready != 0) return ready;
    stand_in::tell_idle(stimuli);
    return sleep(timeout);
}

bool set_clock(timespec& now) {
    if (!machine().driven) return false;
    const std::uint64_t clock = machine().host->clock;
    if (clock == 0) return false;
    now.tv_sec = static_cast<time_t>(clock / 1'000'000'000);
    now.tv_nsec = static_cast<long>(clock % 1'000'000'000);
    return true;
}

using Fopen = FILE* (*)(const char*, const char*);

FILE* open_stream(const char* real, const char* path, const char* mode) {
    const int fd = xen_file(path);
    if (fd >= 0) return ::fdopen(fd, mode);
    return reinterpret_cast<Fopen>(::dlsym(RTLD_NEXT, real))(path, mode);
}

mode_t mode_of(int flags, va_list arguments) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

// NOLINTBEGIN: names, types and exceptions are those of the C library
int open(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_at(AT_FDCWD, path, flags, mode);
}

FILE* fopen(const char* path, const char* mode) {
    return open_stream("fopen", path, mode);
}

FILE* fopen64(const char* path, const char* mode) {
    return open_stream("fopen64", path, mode);
}

int access(const char* path, int mode) noexcept {
    if (is_xen_file(path)) return 0;
    return static_cast<int>(::syscall(SYS_faccessat, AT_FDCWD, path, mode));
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    return rest(timeout,
                [&](int wait) { return static_cast<int>(::syscall(SYS_poll, fds, count, wait)); });
}

int epoll_wait(int epoll, epoll_event* events, int max, int timeout) {
    return rest(timeout, [&](int wait) {
        return static_cast<int>(::syscall(SYS_epoll_wait, epoll, events, max, wait));
    });
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    if ((clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME) && set_clock(*now)) return 0;
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, now));
}

int gettimeofday(timeval* now, void* zone) noexcept {
    timespec set{};
    if (!set_clock(set)) return static_cast<int>(::syscall(SYS_gettimeofday, now, zone));
    now->tv_sec = set.tv_sec;
    now->tv_usec = set.tv_nsec / 1000;
    return 0;
}

time_t time(time_t* now) noexcept {
    timespec set{};
    if (!set_clock(set)) ::syscall(SYS_clock_gettime, CLOCK_REALTIME, &set);
    if (now != nullptr) *now = set.tv_sec;
    return set.tv_sec;
}

// The stock daemons insist on raising limits that a container may not raise.
int setrlimit(__rlimit_resource_t, const rlimit*) noexcept {
    return 0;
}
// NOLINTEND

}  // extern "C"
