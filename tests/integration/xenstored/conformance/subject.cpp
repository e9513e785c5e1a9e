#include "subject.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

extern char** environ;

namespace conformance {

namespace {

constexpr int patience_ms = 20'000;
constexpr std::uint64_t first_clock = 1'700'000'000ull * 1'000'000'000ull;

std::string placed(std::string text, const std::string& directory) {
    for (auto at = text.find("{}"); at != std::string::npos; at = text.find("{}"))
        text.replace(at, 2, directory);
    return text;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts)
        all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

}  // namespace

std::expected<std::unique_ptr<Subject>, std::string> Subject::start(const Program& program,
                                                                    const std::string& preload,
                                                                    const std::string& directory) {
    std::unique_ptr<Subject> subject(new Subject);
    subject->directory_ = directory;
    if (!subject->allocate()) return std::unexpected(std::string("memory: ") + strerror(errno));
    stand_in::Domain& domain0 = subject->host_->domains[0];
    domain0.exists = 1;
    domain0.port = port_of(0);
    subject->host_->clock = first_clock;
    subject->host_->stimuli = 1;
    if (auto spawned = subject->spawn(program, preload); !spawned) {
        return std::unexpected(program.name + ": " + spawned.error());
    }
    if (!subject->settle()) return std::unexpected(program.name + ": " + subject->failure_);
    return subject;
}

bool Subject::allocate() {
    memory_fd_ = ::memfd_create("conformance", MFD_CLOEXEC);
    if (memory_fd_ < 0 || ::ftruncate(memory_fd_, stand_in::memory_size) != 0) return false;
    void* const start =
        ::mmap(nullptr, stand_in::memory_size, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd_, 0);
    if (start == MAP_FAILED) return false;
    memory_ = static_cast<std::byte*>(start);
    host_ = reinterpret_cast<stand_in::Host*>(memory_ + stand_in::host_offset);
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    event_read_ = ends[0];
    event_write_ = ends[1];
    rests_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return rests_ >= 0;
}

std::expected<void, std::string> Subject::spawn(const Program& program,
                                                const std::string& preload) {
    std::vector<std::string> arguments;
    for (const std::string& argument : program.arguments)
        arguments.push_back(placed(argument, directory_));
    std::vector<std::string> variables{
        "LD_PRELOAD=" + preload, std::string(stand_in::driven_variable) + "=1",
        "XENSTORED_RUNDIR=" + directory_, "XENSTORED_ROOTDIR=" + directory_};
    for (const std::string& variable : program.environment)
        variables.push_back(placed(variable, directory_));
    for (char** variable = environ; *variable != nullptr; ++variable)
        variables.emplace_back(*variable);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    for (const auto& [from, to] : {std::pair{memory_fd_, stand_in::memory_fd},
                                   {event_read_, stand_in::event_read_fd},
                                   {event_write_, stand_in::event_write_fd},
                                   {rests_, stand_in::driver_event_fd}}) {
        ::posix_spawn_file_actions_adddup2(&actions, from, to);
    }
    const std::string log = directory_ + "/log";
    ::posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                       0600);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    const int failed = ::posix_spawn(&pid_, arguments[0].c_str(), &actions, nullptr,
                                     pointers(arguments).data(), pointers(variables).data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        pid_ = -1;
        return std::unexpected(arguments[0] + ": " + strerror(failed));
    }
    process_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (process_ < 0) return std::unexpected(std::string("pidfd_open: ") + strerror(errno));
    return {};
}

Subject::~Subject() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    for (const int fd : {process_, rests_, event_write_, event_read_, memory_fd_}) {
        if (fd >= 0) ::close(fd);
    }
    if (memory_ != nullptr) ::munmap(memory_, stand_in::memory_size);
}

bool Subject::settle() {
    if (pid_ < 0) return false;
    const std::uint64_t mine = ++host_->stimuli;
    const std::uint32_t nobodys = stand_in::wake_port;  // it may sleep since before
    if (::write(event_write_, &nobodys, sizeof nobodys) != sizeof nobodys) return false;
    while (host_->idle < mine) {
        std::array<pollfd, 2> waited{{{rests_, POLLIN, 0}, {process_, POLLIN, 0}}};
        if (::poll(waited.data(), waited.size(), patience_ms) == 0) {
            failure_ = "the daemon does not come to rest";
            return false;
        }
        std::uint64_t count = 0;
        [[maybe_unused]] const auto taken = ::read(rests_, &count, sizeof count);
        if (waited[1].revents != 0) {
            died();
            return false;
        }
    }
    return true;
}

void Subject::died() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    failure_ = WIFSIGNALED(status)
                   ? "the daemon died by signal " + std::to_string(WTERMSIG(status))
                   : "the daemon ended with status " + std::to_string(WEXITSTATUS(status));
}

void Subject::create(DomainId id) {
    stand_in::Domain& domain = host_->domains[id];
    domain.page = next_page_++ % stand_in::pages_max;
    std::memset(page(id), 0, stand_in::page_size);
    domain.dying = domain.shut_down = domain.reason = domain.rung = 0;
    domain.port = port_of(id);
    domain.exists = 1;
}

void Subject::destroy(DomainId id) {
    host_->domains[id].exists = 0;
}

void Subject::set_dying(DomainId id) {
    host_->domains[id].dying = 1;
}

void Subject::shut_down(DomainId id, std::uint32_t reason) {
    host_->domains[id].reason = reason;
    host_->domains[id].shut_down = 1;
}

void Subject::raise_virq() {
    if (host_->virq_port != 0) deliver(host_->virq_port);
}

void Subject::ring(DomainId id) {
    const std::uint32_t local = host_->domains[id].local_port;
    if (local != 0) deliver(local);
}

void Subject::deliver(std::uint32_t port) {
    if (!stand_in::ring(host_->ports[port])) return;
    [[maybe_unused]] const auto written = ::write(event_write_, &port, sizeof port);
}

void Subject::advance(std::uint64_t milliseconds) {
    host_->clock += milliseconds * 1'000'000;
}

int Subject::connect() const {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (directory_ + "/socket").c_str(), sizeof address.sun_path - 1);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    ::close(fd);
    return -1;
}

}  // namespace conformance
