#include "xenstored/trace.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness.hpp"
#include "temporary_directory.hpp"

using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

// The lines without date and time.
std::vector<std::string> lines(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> found;
    for (std::string line; std::getline(file, line);) {
        if (!line.starts_with("IN ") && !line.starts_with("OUT ")) {
            found.push_back(line);
            continue;
        }
        std::istringstream words(line);
        std::string direction, connection, date, time, rest;
        words >> direction >> connection >> date >> time;
        std::getline(words, rest);
        found.push_back(direction + " " + connection + rest);
    }
    return found;
}

}  // namespace

TEST_CASE("requests, replies and events are traced, in C's form") {
    TemporaryDirectory directory;
    const std::string path = directory.file("trace");
    auto trace = Trace::open(path);
    REQUIRE(trace);
    Lab lab;
    lab.server.trace() = std::move(*trace);
    auto tool = lab.socket();
    tool.watch("/a", "t");
    tool.write("/a", "value");
    tool.read("/none");
    CHECK(lines(path) ==
          std::vector<std::string>{"", "***", "CREATE connection 0x1", "IN 0x1 WATCH (/a t )",
                                   "CREATE watch 0x1", "OUT 0x1 WATCH (OK )",
                                   "OUT 0x1 WATCH_EVENT (/a t )", "IN 0x1 WRITE (/a value)",
                                   "OUT 0x1 WATCH_EVENT (/a t )", "OUT 0x1 WRITE (OK )",
                                   "IN 0x1 READ (/none )", "OUT 0x1 ERROR (ENOENT )"});
}

TEST_CASE("after a rotation the trace goes on in a new file") {
    TemporaryDirectory directory;
    const std::string path = directory.file("trace");
    auto trace = Trace::open(path);
    REQUIRE(trace);
    trace->in({1}, stemma::xs::MessageType::rm, "/a");
    std::filesystem::rename(path, path + ".1");
    trace->in({1}, stemma::xs::MessageType::rm, "/b");
    trace->reopen();
    trace->in({1}, static_cast<stemma::xs::MessageType>(99), "/c");
    CHECK(lines(path + ".1").size() == 4);
    CHECK(lines(path) == std::vector<std::string>{"", "***", "IN 0x1 **UNKNOWN** (/c)"});
    CHECK_FALSE(Trace::open(directory.file("none/trace")));
}

TEST_CASE("switches choose what is traced") {
    TemporaryDirectory directory;
    const std::string path = directory.file("trace");
    Lab lab;
    Trace& trace = lab.server.trace();
    trace.set_file(path);
    for (const char* text : {"", "io", "+", "+none", "*io", "+IO", "+io "})
        CHECK_FALSE(trace.set_switch(text));
    for (const char* text : {"-io", "-obj", "+acc", "+wrl", "+tdb"})
        CHECK(trace.set_switch(text));
    auto tool = lab.socket();
    tool.write("/a", "1");
    trace.close();
    tool.write("/a", "234");
    trace.reopen();
    tool.write("/a", "23");
    CHECK(lines(path) == std::vector<std::string>{"", "***", "acc: domain 0 nodes 1 bytes 37", "",
                                                  "***", "acc: domain 0 nodes 0 bytes -1"});
}

TEST_CASE("what the log is told stands in the trace, too") {
    TemporaryDirectory directory;
    const std::string path = directory.file("trace");
    Lab lab;
    lab.server.trace().set_file(path);
    lab.server.trace().set_switch("-obj");
    auto guest = lab.domain(5);
    guest.send(encoded(MessageType::read, std::string(5000, 'x'), 0));
    guest.receive();
    const auto traced = lines(path);
    CHECK(std::ranges::count(
              traced, "Domain 5 sent what is no request; its Xenstore connection is ignored") == 1);
}

TEST_CASE("a report is appended even while the trace is off, if it has a file") {
    TemporaryDirectory directory;
    Trace trace;
    CHECK_FALSE(trace.append("report\n"));
    trace.reopen();  // SIGHUP: there is nothing to open
    CHECK_FALSE(trace.is_open());
    CHECK_FALSE(trace.set_file(directory.file("none/trace")));
    REQUIRE(trace.set_file(directory.file("trace")));
    trace.close();
    CHECK(trace.append("report\n"));
    CHECK(lines(directory.file("trace")).back() == "report");
}

// It would wait here for ever otherwise, and the test with it.
TEST_CASE("a FIFO that nobody reads is no file to trace to") {
    TemporaryDirectory directory;
    const std::string path = directory.file("fifo");
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    Trace trace;
    CHECK_FALSE(trace.set_file(path));
}
