// How long nobody is answered during a live update, for several daemons, one after the other:
//
//   bench_live_update NODES ROUNDS NAME=SOCKET=PROGRAM[,PROGRAM]...
//
// Each daemon gets NODES nodes and 100 clients with two watches each. One more reads without end
// while the daemon is updated to the programs in turn, ROUNDS times each: the longest time between
// two of its replies is the pause.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "raw_client.hpp"

namespace {

using namespace stemma;
using bench::RawClient;
using xs::MessageType;
using Clock = std::chrono::steady_clock;
using namespace std::string_literals;

constexpr int bystanders = 100;

double milliseconds(Clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

std::vector<std::string> split(std::string_view text, char by) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(by);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

void fill(RawClient& client, int nodes) {
    for (int node = 0; node < nodes; ++node) {
        const std::string path = "/local/domain/" + std::to_string(1 + node / 100) + "/data/" +
                                 std::to_string(node / 10 % 10) + '/' + std::to_string(node);
        client.demand(MessageType::write, path + '\0' + "value");
    }
}

struct Figures {
    double pause = 0, whole = 0;  // milliseconds
};

Figures update(RawClient& reader, RawClient& operator_, const std::string& program) {
    std::atomic<bool> stop = false;
    Clock::duration longest{};
    std::thread reading([&] {
        auto last = Clock::now();
        while (!stop) {
            reader.demand(MessageType::read, "/local/domain/1/data/0/1\0"s);
            const auto now = Clock::now();
            longest = std::max(longest, now - last);
            last = now;
        }
    });
    const auto said = [&](const std::string& arguments) {
        return std::string(operator_.demand(MessageType::control, "live-update\0"s + arguments));
    };
    std::string answer = said("-f\0"s + program + '\0');
    if (answer != "OK\0"s) bench::fail(program + ": " + answer);
    const auto start = Clock::now();
    do {
        answer = said(
            "-s\0-t\0"
            "60\0"s);
    } while (answer == "BUSY\0"s);
    if (answer != "OK\0"s) bench::fail(program + ": " + answer);
    const double whole = milliseconds(Clock::now() - start);
    stop = true;
    reading.join();
    return {milliseconds(longest), whole};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4)
        bench::fail("usage: bench_live_update NODES ROUNDS NAME=SOCKET=PROGRAM[,PROGRAM]...");
    const int nodes = std::atoi(argv[1]);
    const int rounds = std::atoi(argv[2]);
    for (int n = 3; n < argc; ++n) {
        const auto words = split(argv[n], '=');
        if (words.size() != 3) bench::fail("NAME=SOCKET=PROGRAM[,PROGRAM] expected");
        const char* const socket = words[1].c_str();
        RawClient reader(socket), operator_(socket);
        fill(operator_, nodes);
        std::vector<std::unique_ptr<RawClient>> clients;
        for (int i = 0; i < bystanders; ++i) {
            clients.push_back(std::make_unique<RawClient>(socket));
            for (const char* const watched : {"/control", "/device"}) {
                clients.back()->demand(MessageType::watch, "/local/domain/" + std::to_string(i) +
                                                               watched + '\0' + "token\0"s);
            }
        }
        const auto programs = split(words[2], ',');
        std::vector<std::vector<Figures>> figures(programs.size());
        for (int round = 0; round < rounds; ++round) {
            for (std::size_t i = 0; i < programs.size(); ++i)
                figures[i].push_back(update(reader, operator_, programs[i]));
        }
        for (std::size_t i = 0; i < programs.size(); ++i) {
            std::printf("  %-20s to %s: pause", words[0].c_str(), programs[i].c_str());
            for (const Figures& one : figures[i])
                std::printf(" %.0f", one.pause);
            std::printf(" ms; until the answer");
            for (const Figures& one : figures[i])
                std::printf(" %.0f", one.whole);
            std::printf(" ms\n");
        }
        std::fflush(stdout);
    }
    return 0;
}
