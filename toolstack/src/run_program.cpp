#include "toolstack/run_program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "toolstack/descriptor.hpp"

namespace stemma::toolstack {

namespace {

constexpr std::size_t line_max = 4096;  // the rest of a line is left out

// Both outputs go to `output`, and nothing is read.
int spawn(const std::vector<std::string>& words, const std::string& directory, int output,
          pid_t& child) {
    std::vector<char*> arguments;
    for (const auto& word : words)
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    // Which stemma ignores, and a program that was not written for that must not inherit.
    sigset_t ignored;
    ::sigemptyset(&ignored);
    ::sigaddset(&ignored, SIGPIPE);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &ignored);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    const int error =
        ::posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

void read_lines(int from, const std::function<void(std::string_view)>& on_line) {
    std::string line;
    std::array<char, 4096> bytes;
    for (;;) {
        const ssize_t count = ::read(from, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        for (const char c : std::string_view(bytes.data(), static_cast<std::size_t>(count))) {
            if (c != '\n') {
                if (line.size() < line_max) line.push_back(c);
                continue;
            }
            on_line(line);
            line.clear();
        }
    }
    if (!line.empty()) on_line(line);
}

}  // namespace

Result<int> run_program(const std::vector<std::string>& words, const std::string& directory,
                        const std::function<void(std::string_view)>& on_line) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return system_failure("make", "a pipe", errno);
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    pid_t child = 0;
    if (const int error = spawn(words, directory, writing.get(), child); error != 0) {
        return system_failure("start", words[0] + " in " + directory, error);
    }
    writing.reset();
    read_lines(reading.get(), on_line);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return system_failure("wait for", words[0], errno);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace stemma::toolstack
