#include "toolstack/run_program.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>

#include "temporary_directory.hpp"

namespace stemma::toolstack {

namespace {

struct Lines {
    std::vector<std::string> lines;
    std::function<void(std::string_view)> take() {
        return [this](std::string_view line) { lines.emplace_back(line); };
    }
};

using Text = std::vector<std::string>;

}  // namespace

TEST_CASE("both outputs of a program come line by line, and its status at the end") {
    Lines out;
    const auto status = run_program({"sh", "-c", "echo one; echo two >&2; printf 'three'; exit 7"},
                                    "/", out.take());
    CHECK(status == 7);
    CHECK(out.lines == Text{"one", "two", "three"});
}

TEST_CASE("a program runs in the directory it is given, without input") {
    const TemporaryDirectory directory;
    Lines out;
    CHECK(run_program({"sh", "-c", "pwd; cat"}, directory.path(), out.take()) == 0);
    CHECK(out.lines == Text{directory.path()});
}

TEST_CASE("a program's end by a signal is told as a shell tells it") {
    CHECK(run_program({"sh", "-c", "kill -9 $$"}, "/", Lines().take()) == 128 + 9);
}

TEST_CASE("what a program says beyond 4,096 bytes in a line is left out") {
    Lines out;
    CHECK(run_program({"sh", "-c", "head -c 5000 /dev/zero | tr '\\0' x; echo; echo y"}, "/",
                      out.take()) == 0);
    REQUIRE(out.lines.size() == 2);
    CHECK(out.lines[0] == std::string(4096, 'x'));
    CHECK(out.lines[1] == "y");
}

TEST_CASE("a program that is not there is an error that names it") {
    const auto status = run_program({"no-such-program"}, "/", Lines().take());
    REQUIRE_FALSE(status);
    CHECK_THAT(status.error().on, Catch::Contains("no-such-program"));
    CHECK_THAT(status.error().cause, Catch::Contains("No such file"));
}

TEST_CASE("a program does not inherit that a broken pipe is ignored") {
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    const auto status = run_program({"sh", "-c", "kill -PIPE $$; exit 0"}, "/", [](auto) {});
    std::signal(SIGPIPE, before);
    REQUIRE(status);
    CHECK(*status == 128 + SIGPIPE);
}

}  // namespace stemma::toolstack
