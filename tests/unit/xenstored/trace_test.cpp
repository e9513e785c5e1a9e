#include "xenstored/trace.hpp"

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
    lab.server.set_trace(&*trace);
    auto tool = lab.socket();
    tool.watch("/a", "t");
    tool.write("/a", "value");
    tool.read("/none");
    CHECK(lines(path) ==
          std::vector<std::string>{"IN 0x1 WATCH (/a t )", "OUT 0x1 WATCH (OK )",
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
    CHECK(lines(path + ".1").size() == 2);
    CHECK(lines(path) == std::vector<std::string>{"IN 0x1 **UNKNOWN** (/c)"});
    CHECK_FALSE(Trace::open(directory.file("none/trace")));
}
