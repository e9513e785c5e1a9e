#include "xenstored/program_probe.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace stemma::xenstored {

namespace {

constexpr std::size_t said_max = 64 * 1024;

}  // namespace

std::expected<ProgramProbe, std::string> ProgramProbe::start(
    const std::string& program, const std::vector<std::string>& arguments) {
    std::array<int, 2> ends;
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return std::unexpected(std::string("pipe: ") + std::strerror(errno));
    }
    Descriptor output(ends[0]);
    const Descriptor input(ends[1]);
    ::fcntl(output.get(), F_SETFL, O_NONBLOCK);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, input.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, input.get(), STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    std::vector<std::string> words{program, "--help"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    pid_t pid = -1;
    const int error =
        ::posix_spawn(&pid, program.c_str(), &actions, &attributes, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) return std::unexpected(program + ": " + std::strerror(error));
    return ProgramProbe(pid, std::move(output));
}

ProgramProbe::ProgramProbe(ProgramProbe&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::move(other.output_)),
      said_(std::move(other.said_)) {}

ProgramProbe& ProgramProbe::operator=(ProgramProbe&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(output_, other.output_);
    std::swap(said_, other.said_);
    return *this;
}

ProgramProbe::~ProgramProbe() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

bool ProgramProbe::read() {
    std::array<char, 4096> part;
    for (;;) {
        const ssize_t count = ::read(output_.get(), part.data(), part.size());
        if (count == 0) return true;
        if (count < 0) return errno != EAGAIN && errno != EINTR;
        said_.append(part.data(), static_cast<std::size_t>(count));
        if (said_.size() > said_max) return true;
    }
}

std::string ProgramProbe::first_line() const {
    constexpr std::size_t most = 200;
    return said_.substr(0, std::min(said_.find('\n'), most));
}

ProgramProbe::Kind ProgramProbe::kind() const {
    if (said_.contains("--take-over")) return Kind::ours;
    // C's usage names no --live-update, but it is the only xenstored with this flag.
    const bool c = said_.contains("xenstored <options>") && said_.contains("--entry-nb");
    return c ? Kind::c : Kind::unknown;
}

}  // namespace stemma::xenstored
