#include "xenstored/system_log.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "temporary_directory.hpp"

using namespace stemma::xenstored;
using stemma::xenstored::test::TemporaryDirectory;

namespace {

Descriptor log_daemon(const std::string& path) {
    Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return socket;
}

std::string next_line(const Descriptor& socket) {
    std::array<char, 512> buffer;
    const auto count = ::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    return count < 0 ? "nothing" : std::string(buffer.data(), static_cast<std::size_t>(count));
}

}  // namespace

TEST_CASE("a line goes to the host's log with facility and severity") {
    TemporaryDirectory directory;
    const std::string path = directory.file("log");
    SystemLog log(path);
    log.say(Severity::info, "nobody there yet");
    Descriptor daemon = log_daemon(path);
    log.say(Severity::warning, "domain 5 is odd");
    const std::string line = next_line(daemon);
    CHECK(line.starts_with("<28>"));
    CHECK(line.ends_with("xenstored[" + std::to_string(::getpid()) + "]: domain 5 is odd"));

    // the log daemon is started anew
    daemon.reset();
    ::unlink(path.c_str());
    daemon = log_daemon(path);
    log.say(Severity::error, "again");
    CHECK(next_line(daemon).ends_with("again"));
}

// It would wait here for ever otherwise, and the test with it.
TEST_CASE("a log daemon that does not read holds nobody up") {
    TemporaryDirectory directory;
    const std::string path = directory.file("log");
    const Descriptor daemon = log_daemon(path);
    SystemLog log(path);
    for (int i = 0; i < 2000; ++i)
        log.say(Severity::info, std::string(400, 'x'));
    CHECK(next_line(daemon) != "nothing");
}
