#include "xenstored/service.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "temporary_directory.hpp"
#include "xenstored/unix_socket.hpp"

using namespace stemma::xenstored;
using stemma::xenstored::test::TemporaryDirectory;

namespace {

// What a second process is told about the lock: 0 free, 1 held, 2 an error.
template <class Lock>
int asked_elsewhere(Lock lock) {
    const pid_t child = ::fork();
    if (child == 0) {
        const auto result = lock();
        ::_exit(!result ? 2 : result->held_elsewhere ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a pid file is written, and locked as long as it is held") {
    TemporaryDirectory directory;
    const std::string path = directory.file("pid");
    std::ofstream(path) << "a longer text than a pid is\n";
    {
        const auto held = lock_pid_file(path);
        REQUIRE(held);
        CHECK_FALSE(held->held_elsewhere);
        CHECK(asked_elsewhere([&] { return lock_pid_file(path); }) == 1);
        // last, since closing any descriptor of the file gives up a POSIX lock
        std::ifstream file(path);
        std::string text;
        std::getline(file, text, '\0');
        CHECK(text == std::to_string(::getpid()) + "\n");
    }
    CHECK(asked_elsewhere([&] { return lock_pid_file(path); }) == 0);
    CHECK_FALSE(lock_pid_file(directory.file("none/pid")));
}

TEST_CASE("a run directory is one daemon's") {
    TemporaryDirectory directory;
    {
        const auto held = lock_directory(directory.path());
        REQUIRE(held);
        CHECK_FALSE(held->held_elsewhere);
        CHECK(asked_elsewhere([&] { return lock_directory(directory.path()); }) == 1);
    }
    CHECK(asked_elsewhere([&] { return lock_directory(directory.path()); }) == 0);
    CHECK_FALSE(lock_directory(directory.file("none")));
}

TEST_CASE("the service manager is told by a datagram") {
    TemporaryDirectory directory;
    const std::string path = directory.file("notify");
    const Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::unsetenv("NOTIFY_SOCKET");
    notify_service_manager("READY=1");
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    notify_service_manager("READY=1");
    ::unsetenv("NOTIFY_SOCKET");
    char text[32] = {};
    CHECK(::recv(socket.get(), text, sizeof text, MSG_DONTWAIT) == 7);
    CHECK(std::string(text) == "READY=1");
    CHECK(::recv(socket.get(), text, sizeof text, MSG_DONTWAIT) < 0);
}

TEST_CASE("a socket path that is too long or has no directory is an error that names it") {
    TemporaryDirectory directory;
    const std::string path = directory.file(std::string(200, 'x'));
    const auto too_long = listen_unix(path, SOCK_STREAM);
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().find(path) != std::string::npos);
    CHECK_FALSE(listen_unix(directory.file("none/socket"), SOCK_STREAM));
}
