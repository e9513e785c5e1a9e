#include "toolstack/process.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <string>

namespace stemma::toolstack {

TEST_CASE("a process is alive by its number and its beginning") {
    const std::string own = process_name(::getpid());
    CHECK(is_alive(own));
    CHECK(!is_alive(own + "0"));  // another that has the number now
    for (const char* text : {"", "1", "x 1", "0 0", "999999999 5"}) {
        INFO(text);
        CHECK(!is_alive(text));
    }
}

TEST_CASE("a process that has ended is not alive, reaped or not") {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    const std::string name = process_name(child);
    CHECK(is_alive(name));
    ::kill(child, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    CHECK(!is_alive(name));  // though its number is still in use
    ::waitpid(child, nullptr, 0);
    CHECK(!is_alive(name));
}

TEST_CASE("a process that was stopped is told from one that runs") {
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    CHECK(!is_stopped(child));
    ::kill(child, SIGSTOP);
    ::waitpid(child, nullptr, WUNTRACED);
    CHECK(is_stopped(child));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    CHECK(!is_stopped(child));
}

}  // namespace stemma::toolstack
