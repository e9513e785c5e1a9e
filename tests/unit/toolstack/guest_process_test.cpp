#include "toolstack/agent/guest_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <array>

namespace stemma::toolstack {

namespace {

struct Run {
    std::string output;
    GuestEnding ending;
};

// Runs a shell command as a guest would be run, and takes its output.
Run run(const std::string& script, std::vector<int> descriptors = {}) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const Descriptor reader(ends[0]);
    Descriptor writer(ends[1]);
    GuestProcessRequest request{.program = "/bin/sh",
                                .arguments = {"sh", "-c", script},
                                .descriptors = std::move(descriptors),
                                .console = writer.get(),
                                .memory = 0};
    auto process = start_guest_process(request);
    REQUIRE(process);
    writer.reset();
    Run result;
    std::array<char, 4096> chunk;
    for (ssize_t count = 0; (count = ::read(reader.get(), chunk.data(), chunk.size())) > 0;)
        result.output.append(chunk.data(), static_cast<std::size_t>(count));
    result.ending = reap(process->pidfd.get());
    return result;
}

}  // namespace

TEST_CASE("a guest has no environment, its console as output, and its ending is told") {
    const auto clean = run("echo out; echo err >&2; echo \"home=$HOME\"");
    CHECK(clean.output == "out\nerr\nhome=\n");
    CHECK(!clean.ending.crashed);
    CHECK(clean.ending.text == "exit status 0");
    CHECK(run("exit 3").ending.text == "exit status 3");
    CHECK(run("exit 3").ending.crashed);
    CHECK(run("exit 3").ending.known);
}

TEST_CASE("a guest has the descriptors it was given from number 3 on, and no other") {
    const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const Descriptor not_passed(::open("/dev/null", O_RDWR));  // without close-on-exec
    const auto with_two = run(
        "for fd in 0 1 2 3 4 5 6 7 8 9; do if true >&$fd || true <&$fd; then echo $fd; fi; done "
        "2>/dev/null",
        {null.get(), null.get()});
    CHECK(with_two.output == "0\n1\n2\n3\n4\n");
}

TEST_CASE("a guest cannot gain privileges and has its limits") {
    const auto status = run("grep NoNewPrivs /proc/self/status; ulimit -c; ulimit -n; ulimit -f");
    CHECK_THAT(status.output, Catch::Contains("NoNewPrivs:\t1"));
    CHECK_THAT(status.output, Catch::EndsWith("0\n64\n0\n"));
}

TEST_CASE("the memory limit holds") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const Descriptor reader(ends[0]), writer(ends[1]);
    GuestProcessRequest request{.program = "/bin/sh",
                                .arguments = {"sh", "-c", "ulimit -v"},
                                .descriptors = {},
                                .console = writer.get(),
                                .memory = 32};
    const auto process = start_guest_process(request);
    REQUIRE(process);
    std::array<char, 64> text{};
    REQUIRE(::read(reader.get(), text.data(), text.size()) > 0);
    CHECK(std::string(text.data()) == "32768\n");
    reap(process->pidfd.get());
}

TEST_CASE("a signal from the agent ends a guest, and the ending says which") {
    GuestProcessRequest request{.program = "/bin/sh",
                                .arguments = {"sh", "-c", "while :; do read x; done <&1"},
                                .descriptors = {},
                                .console = 0,
                                .memory = 0};
    const Descriptor null(::open("/dev/zero", O_RDWR | O_CLOEXEC));
    request.console = null.get();
    const auto process = start_guest_process(request);
    REQUIRE(process);
    REQUIRE(::syscall(SYS_pidfd_send_signal, process->pidfd.get(), SIGKILL, nullptr, 0) == 0);
    CHECK(reap(process->pidfd.get()).text == "killed by signal 9 (Killed)");
}

TEST_CASE("a program that is not there or cannot run is an error that says so") {
    const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    GuestProcessRequest request{.program = "/nonexistent/guest",
                                .arguments = {"x"},
                                .descriptors = {},
                                .console = null.get()};
    const auto absent = start_guest_process(request);
    REQUIRE(!absent);
    CHECK(absent.error().cause == "No such file or directory");
    request.program = "/etc/passwd";
    const auto data = start_guest_process(request);
    REQUIRE(!data);
    CHECK(data.error().cause == "Permission denied");
}

}  // namespace stemma::toolstack
