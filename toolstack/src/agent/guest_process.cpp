#include "toolstack/agent/guest_process.hpp"

#include <elf.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <utility>

namespace stemma::toolstack {

namespace {

// Where the child got to when it failed; the parent makes words of it.
enum class Stage : int { wait, root, descriptors, limits, exec };

struct Failure {
    Stage stage;
    int error_number;
};

std::string_view describe(Stage stage) {
    switch (stage) {
        case Stage::wait:
            return "wait for its user map";
        case Stage::root:
            return "empty its file system";
        case Stage::descriptors:
            return "arrange its descriptors";
        case Stage::limits:
            return "limit it";
        case Stage::exec:
            return "execute it";
    }
    return "";
}

// True for an ELF file with PT_INTERP: its loader is a file that must be there at exec.
bool needs_loader(int program) {
    Elf64_Ehdr header{};
    if (::pread(program, &header, sizeof header, 0) != sizeof header ||
        std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return true;  // a script, or nothing that can run: exec will tell
    }
    for (unsigned i = 0; i < header.e_phnum && i < 64; ++i) {
        Elf64_Phdr segment{};
        const auto offset = static_cast<off_t>(header.e_phoff + i * sizeof segment);
        if (::pread(program, &segment, sizeof segment, offset) != sizeof segment) return true;
        if (segment.p_type == PT_INTERP) return true;
    }
    return false;
}

bool write_file(const std::string& path, std::string_view text) {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return file &&
           ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// One user and one group, so that the guest owns nothing and holds no capability after exec.
bool map_user(pid_t pid) {
    const std::string process = "/proc/" + std::to_string(pid);
    return write_file(process + "/setgroups", "deny") &&
           write_file(process + "/gid_map", "65534 " + std::to_string(::getegid()) + " 1") &&
           write_file(process + "/uid_map", "65534 " + std::to_string(::geteuid()) + " 1");
}

// From here on the child, between clone and exec: system calls only.
class Child {
  public:
    int failure_pipe = -1;
    int go_pipe = -1;  // a byte arrives once the user is mapped; -1: nothing to wait for
    bool empty_root = false;
    int program = -1;
    int null = -1;
    const GuestProcessRequest* request = nullptr;
    char* const* arguments = nullptr;

    [[noreturn]] void run() {
        if (go_pipe >= 0) {
            char byte = 0;
            if (::read(go_pipe, &byte, 1) != 1) fail(Stage::wait);
        }
        if (empty_root) enter_empty_root();
        arrange_descriptors();
        limit();
        char* const environment[] = {nullptr};
        ::syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
        fail(Stage::exec);
    }

  private:
    [[noreturn]] void fail(Stage stage) {
        const Failure failure{stage, errno};
        [[maybe_unused]] const auto written = ::write(failure_pipe, &failure, sizeof failure);
        ::_exit(127);
    }

    // A read-only file system with no room for anything, and the old one out of reach.
    void enter_empty_root() {
        const bool done =
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
            ::mount("none", "/proc", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                    "size=4k,nr_inodes=2,mode=0555") == 0 &&
            ::chdir("/proc") == 0 && ::syscall(SYS_pivot_root, ".", ".") == 0 &&
            ::umount2(".", MNT_DETACH) == 0 && ::chdir("/") == 0 &&
            ::mount(nullptr, "/", nullptr,
                    MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                    nullptr) == 0;
        if (!done) fail(Stage::root);
    }

    int moved_up(int fd) {
        const int copy = ::fcntl(fd, F_DUPFD, 256);
        if (copy < 0) fail(Stage::descriptors);
        return copy;
    }

    // First all out of the way of the numbers they are to have, then into place.
    void arrange_descriptors() {
        const std::size_t count = request->descriptors.size();
        std::array<int, 32> high{};
        if (count > high.size()) {
            errno = E2BIG;
            fail(Stage::descriptors);
        }
        for (std::size_t i = 0; i < count; ++i)
            high[i] = moved_up(request->descriptors[i]);
        const int console = moved_up(request->console);
        const int input = moved_up(null);
        const int pipe = moved_up(failure_pipe);
        const int file = moved_up(program);
        failure_pipe = pipe;
        const auto place = [&](int from, int to, int flags) {
            if (::dup3(from, to, flags) < 0) fail(Stage::descriptors);
        };
        place(input, 0, 0);
        place(console, 1, 0);
        place(console, 2, 0);
        int next = guest_first_descriptor;
        for (std::size_t i = 0; i < count; ++i)
            place(high[i], next++, 0);
        place(pipe, next, O_CLOEXEC);
        failure_pipe = next++;
        place(file, next, O_CLOEXEC);
        program = next++;
        if (::close_range(static_cast<unsigned>(next), ~0U, 0) != 0) fail(Stage::descriptors);
    }

    void limit() {
        const auto set = [&](auto resource, rlim_t value) {
            const rlimit limit{value, value};
            if (::setrlimit(resource, &limit) != 0) fail(Stage::limits);
        };
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        // When the agent ends, its end of the console closes; the guest must live on.
        ::signal(SIGPIPE, SIG_IGN);
        ::setsid();
        if (request->dies_with_agent && ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
            fail(Stage::limits);
        }
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(Stage::limits);
        set(RLIMIT_CORE, 0);
        set(RLIMIT_FSIZE, 0);
        set(RLIMIT_NOFILE, 64);
        if (request->memory > 0) set(RLIMIT_AS, rlim_t{request->memory} << 20);
    }
};

pid_t clone_with(std::uint64_t flags, int* pidfd) {
    clone_args arguments{};
    arguments.flags = flags | CLONE_PIDFD;
    arguments.pidfd = reinterpret_cast<std::uintptr_t>(pidfd);  // the interface takes a number
    arguments.exit_signal = SIGCHLD;
    return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

struct Attempt {
    std::uint64_t namespaces;
    const char* without;  // what is then missing
};
constexpr std::uint64_t all_but_user =
    CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP;
constexpr std::array<Attempt, 3> attempts{{{CLONE_NEWUSER | all_but_user, ""},
                                           {all_but_user, "no user namespace"},
                                           {0, "no namespaces"}}};

}  // namespace

Result<GuestProcess> start_guest_process(const GuestProcessRequest& request) {
    const std::string on = "the program " + request.program;
    Descriptor program(::open(request.program.c_str(), O_RDONLY | O_CLOEXEC));
    if (!program) return system_failure("open", on, errno);
    Descriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null) return system_failure("open", "/dev/null", errno);
    const bool static_program = !needs_loader(program.get());

    std::vector<char*> arguments;
    for (const auto& argument : request.arguments)
        arguments.push_back(const_cast<char*>(argument.c_str()));  // execve's own signature
    arguments.push_back(nullptr);

    GuestProcess process;
    std::string refusal;
    for (const auto& attempt : attempts) {
        std::array<int, 2> failure_ends{};
        std::array<int, 2> go_ends{};
        if (::pipe2(failure_ends.data(), O_CLOEXEC) != 0) {
            return system_failure("make a pipe for", on, errno);
        }
        Descriptor failure_reader(failure_ends[0]), failure_writer(failure_ends[1]);
        if (::pipe2(go_ends.data(), O_CLOEXEC) != 0) {
            return system_failure("make a pipe for", on, errno);
        }
        Descriptor go_reader(go_ends[0]), go_writer(go_ends[1]);

        const bool user = (attempt.namespaces & CLONE_NEWUSER) != 0;
        Child child;
        child.failure_pipe = failure_writer.get();
        child.go_pipe = user ? go_reader.get() : -1;
        child.empty_root = static_program && (attempt.namespaces & CLONE_NEWNS) != 0;
        child.program = program.get();
        child.null = null.get();
        child.request = &request;
        child.arguments = arguments.data();

        int pidfd = -1;
        const pid_t pid = clone_with(attempt.namespaces, &pidfd);
        if (pid < 0) {
            if (attempt.namespaces == 0) return system_failure("start", on, errno);
            refusal = std::strerror(errno);
            continue;
        }
        if (pid == 0) {
            // Closed here, so that the parent's death ends the wait for its byte.
            ::close(go_writer.get());
            child.run();
        }
        process.pid = pid;
        process.pidfd.reset(pidfd);
        failure_writer.reset();
        go_reader.reset();
        if (user) {
            const bool mapped = map_user(pid);
            const int error = errno;
            if (mapped) {
                [[maybe_unused]] const auto written = ::write(go_writer.get(), "g", 1);
            } else {
                ::kill(pid, SIGKILL);
                reap(pidfd);
                refusal = std::string("its map: ") + std::strerror(error);
                continue;
            }
        }
        go_writer.reset();
        Failure failed{};
        // Ends with the exec, which closes the pipe, or with the child.
        if (::read(failure_reader.get(), &failed, sizeof failed) == sizeof failed) {
            reap(pidfd);
            if (failed.stage == Stage::root && attempt.namespaces != 0) {
                refusal = std::string("its root: ") + std::strerror(failed.error_number);
                continue;
            }
            return system_failure(std::string(describe(failed.stage)) + " when starting", on,
                                  failed.error_number);
        }
        if (*attempt.without != '\0') {
            process.notes.push_back(std::string(attempt.without) + ": " + refusal);
        }
        if (!static_program) {
            process.notes.push_back(request.program +
                                    " needs a loader, so its file system is not emptied");
        }
        return process;
    }
    return failure(ErrorKind::failed, "start", on, refusal);
}

GuestEnding reap(int pidfd) {
    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) != 0) {
        // Not our child: adopted after the last agent's end, so its status went to init.
        return {true, false, "ended"};
    }
    if (info.si_code == CLD_EXITED) {
        return {info.si_status != 0, true, "exit status " + std::to_string(info.si_status)};
    }
    return {true, true,
            "killed by signal " + std::to_string(info.si_status) + " (" +
                ::strsignal(info.si_status) + ')'};
}

}  // namespace stemma::toolstack
