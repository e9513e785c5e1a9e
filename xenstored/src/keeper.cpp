#include "xenstored/keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "xenstored/descriptor.hpp"
#include "xenstored/notify_message.hpp"
#include "xenstored/options.hpp"
#include "xenstored/system_log.hpp"

namespace stemma::xenstored {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int first_passed = 3;           // SD_LISTEN_FDS_START
constexpr std::size_t names_max = 65536;  // in one variable of the environment

// "/proc/PID/oom_score_adj"; PID may have ended, as long as nobody has waited for it.
std::string score_file(const std::string& pid) {
    return "/proc/" + pid + "/oom_score_adj";
}

// The words of a file, each with its NUL.
std::vector<std::string> words_of(int file) {
    struct stat status {};
    if (::fstat(file, &status) != 0) return {};
    std::string all(static_cast<std::size_t>(status.st_size), '\0');
    if (::pread(file, all.data(), all.size(), 0) != status.st_size) return {};
    std::vector<std::string> words;
    for (std::size_t at = 0; at < all.size(); at += words.back().size() + 1)
        words.emplace_back(all.c_str() + at);
    return words;
}

class Keeping {
  public:
    Keeping(const std::vector<std::string>& arguments, Daemonizer& starter)
        : arguments_(arguments), starter_(&starter) {}

    bool prepare();
    int run();

  private:
    bool start();
    [[noreturn]] void become_daemon();
    void leave_the_rest_to_daemon(int gate);
    void take_messages();
    void take_message(NotifyMessage& message);
    void take_signals();
    // Nothing: it goes on.
    std::optional<int> daemon_ended(int status);
    // False if it is to end instead.
    bool wait_a_little();

    std::vector<std::string> arguments_;  // the program's name is the first
    Daemonizer* starter_;
    Descriptor socket_;
    Descriptor signals_;
    sigset_t handled_{};
    sigset_t before_{};
    std::string outer_;  // $NOTIFY_SOCKET as we found it
    std::string inner_;
    std::map<std::string, Descriptor> held_;
    std::deque<Clock::time_point> starts_;
    pid_t daemon_ = 0;   // 0: none
    std::string score_;  // the daemon's oom_score_adj, which launch-xenstore sets by the pid file
    SystemLog log_;
    int attempts_ = 0;  // in a row without being ready
    bool was_ready_ = false;
    bool stopping_ = false;
};

bool Keeping::prepare() {
    if (const char* const path = std::getenv("NOTIFY_SOCKET")) outer_ = path;
    socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const int yes = 1;
    // An abstract name of the kernel's choice; senders are told by their credentials.
    socklen_t length = sizeof(sa_family_t);
    if (!socket_ || ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) != 0) {
        return false;
    }
    length = sizeof address;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    inner_ = '@' + std::string(address.sun_path + 1, length - offsetof(sockaddr_un, sun_path) - 1);
    sigemptyset(&handled_);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP})
        sigaddset(&handled_, signal);
    ::sigprocmask(SIG_BLOCK, &handled_, &before_);
    signals_ = Descriptor(::signalfd(-1, &handled_, SFD_CLOEXEC | SFD_NONBLOCK));
    return static_cast<bool>(signals_);
}

bool Keeping::start() {
    starts_.push_back(Clock::now());
    if (starts_.size() > Keeper::starts_max) starts_.pop_front();
    std::array<int, 2> gate{};
    if (::pipe2(gate.data(), O_CLOEXEC) != 0) return false;
    Descriptor out(gate[0]), in(gate[1]);
    const pid_t pid = ::fork();
    if (pid == 0) {
        char byte;
        in.reset();
        if (::read(out.get(), &byte, 1) == 0) become_daemon();
        ::_exit(127);
    }
    daemon_ = std::max(pid, 0);
    out.reset();
    if (starts_.size() == 1) leave_the_rest_to_daemon(in.get());
    return pid > 0;
}

// In place of a C xenstored we have what it left: its sockets must end when the daemon ends them,
// and its lock of the pid file must not stand in the daemon's way. That is once.
void Keeping::leave_the_rest_to_daemon(int gate) {
    const auto again = inherited_arguments(std::span(arguments_).subspan(1), true);
    if (again.size() + 1 == arguments_.size()) return;
    arguments_.resize(1);
    arguments_.insert(arguments_.end(), again.begin(), again.end());
    std::array<int, 3> own{socket_.get(), signals_.get(), gate};
    std::ranges::sort(own);
    int from = first_passed;
    for (const int fd : own) {
        if (fd > from) ::close_range(static_cast<unsigned>(from), static_cast<unsigned>(fd) - 1, 0);
        from = fd + 1;
    }
    ::close_range(static_cast<unsigned>(from), ~0u, 0);
}

// In the child. What is held goes to 3, 4 and so on.
void Keeping::become_daemon() {
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
    // The daemon may have become another program since we started it.
    const auto known = held_.find(Keeper::program);
    const auto given = held_.find(Keeper::arguments);
    if (given != held_.end()) {
        const auto words = words_of(given->second.get());
        arguments_.resize(1);
        arguments_.insert(arguments_.end(), words.begin(), words.end());
    }
    const int above = first_passed + static_cast<int>(held_.size());
    const int running =
        known != held_.end() ? known->second.get() : ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    const int program = ::fcntl(running, F_DUPFD_CLOEXEC, above);
    std::vector<int> moved;
    std::string names;
    for (const auto& [name, descriptor] : held_) {
        moved.push_back(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, above));
        names.append(names.empty() ? "" : ":").append(name);
    }
    for (std::size_t i = 0; i < moved.size(); ++i)
        ::dup2(moved[i], first_passed + static_cast<int>(i));
    ::setenv("NOTIFY_SOCKET", inner_.c_str(), 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(held_.size()).c_str(), 1);
    ::setenv("LISTEN_FDNAMES", names.substr(0, names_max).c_str(), 1);
    for (std::size_t part = 1; part * names_max < names.size(); ++part) {
        ::setenv(("LISTEN_FDNAMES_" + std::to_string(part)).c_str(),
                 names.substr(part * names_max, names_max).c_str(), 1);
    }
    if (!score_.empty()) {
        const Descriptor file(::open(score_file("self").c_str(), O_WRONLY | O_CLOEXEC));
        [[maybe_unused]] const auto written = ::write(file.get(), score_.data(), score_.size());
    }
    std::vector<char*> arguments;
    for (const std::string& argument : arguments_)
        arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    // The very program, whatever has become of its file.
    ::fexecve(program, arguments.data(), environ);
    ::_exit(127);
}

int Keeping::run() {
    if (!start()) return 1;
    for (;;) {
        std::array<pollfd, 2> waiting{{{socket_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
        ::poll(waiting.data(), waiting.size(), -1);
        take_messages();
        take_signals();
        int status = 0;
        // Before it is reaped: its score is gone then.
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(daemon_), &info, WEXITED | WNOHANG | WNOWAIT);
        if (info.si_pid != daemon_) continue;
        std::getline(std::ifstream(score_file(std::to_string(daemon_))), score_);
        take_messages();
        if (::waitpid(std::exchange(daemon_, 0), &status, 0) != info.si_pid) return 1;
        if (const auto ended = daemon_ended(status)) return *ended;
    }
}

std::optional<int> Keeping::daemon_ended(int status) {
    const bool killed = WIFSIGNALED(status);
    const int code = killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (stopping_ || !was_ready_ || (!killed && code == 0)) {
        if (!was_ready_) starter_->report(code, false);
        return code;
    }
    const std::string how = killed ? "was killed by signal " + std::to_string(WTERMSIG(status))
                                   : "ended with status " + std::to_string(code);
    // It took back all it had given, and became C: nobody can go on where that was.
    const bool given_up = held_.empty() || ++attempts_ > Keeper::attempts_max;
    log_.say(Severity::error,
             "The daemon " + how + (given_up ? ", and is given up" : ", and is started again"));
    if (given_up) return code;
    const bool often =
        starts_.size() == Keeper::starts_max &&
        Clock::now() - starts_.front() < std::chrono::seconds(Keeper::starts_within_s);
    if (often && !wait_a_little()) return code;
    // No memory for another process, just now.
    while (!start()) {
        if (!wait_a_little()) return code;
    }
    return std::nullopt;
}

bool Keeping::wait_a_little() {
    pollfd signals{signals_.get(), POLLIN, 0};
    ::poll(&signals, 1, Keeper::wait_ms);
    take_signals();
    return !stopping_;
}

void Keeping::take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD) continue;
        if (info.ssi_signo != SIGHUP) stopping_ = true;
        if (daemon_ > 0) ::kill(daemon_, static_cast<int>(info.ssi_signo));
    }
}

void Keeping::take_messages() {
    while (auto message = NotifyMessage::receive(socket_.get())) {
        if (message->sender == daemon_) take_message(*message);
    }
}

void Keeping::take_message(NotifyMessage& message) {
    if (message.remove) held_.erase(message.name);
    if (message.store && message.descriptor) {
        held_.insert_or_assign(message.name, std::move(message.descriptor));
    }
    if (message.ready) attempts_ = 0;
    if (message.ready && was_ready_) return;  // the manager knows
    if (!message.others.empty() && !outer_.empty()) notify_service_manager(message.others);
    if (message.ready) {
        was_ready_ = true;
        starter_->report(0, true);
    }
}

}  // namespace

int Keeper::run(const std::vector<std::string>& words, Daemonizer& starter) {
    raise_descriptor_limit();
    Keeping keeping(words, starter);
    if (!keeping.prepare()) {
        std::perror("FATAL: xenstored: the keeper's socket");
        starter.report(1, false);
        return 1;
    }
    return keeping.run();
}

}  // namespace stemma::xenstored
