#include "unix/descriptor_console.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace stemma;

namespace {
struct Pipe {
    int ends[2];
    Pipe() { REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0); }
    ~Pipe() {
        close(ends[0]);
        close(ends[1]);
    }
    std::string read_all() const {
        std::string text(1 << 20, '\0');
        const auto got = read(ends[0], text.data(), text.size());
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }
};
}  // namespace

TEST_CASE("a line is shown with what is not printable escaped, and cut when it is too long") {
    const Pipe pipe;
    hosted::DescriptorConsole console(pipe.ends[1]);
    console.line("plain \x1b[2J\xff");
    CHECK(pipe.read_all() == "plain \\x1b[2J\\xff\n");
    console.line(std::string(5000, 'a'));
    const auto cut = pipe.read_all();
    CHECK(cut.size() <= hosted::DescriptorConsole::line_max + 1);
    CHECK(cut.ends_with("a...\n"));
}

TEST_CASE("lines that nobody takes are dropped, counted, and never wait") {
    const Pipe pipe;
    hosted::DescriptorConsole console(pipe.ends[1]);
    for (int i = 0; i < 10'000; ++i)
        console.line("a line of some length, to fill the pipe");
    const auto text = pipe.read_all();
    const auto shown = std::count(text.begin(), text.end(), '\n');
    REQUIRE(shown < 10'000);
    console.line("after");
    CHECK(pipe.read_all() == "(" + std::to_string(10'000 - shown) + " lines lost)\nafter\n");
}
