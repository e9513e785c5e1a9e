// How long clients wait when a daemon with many nodes is killed, and what a node takes of its
// memory:
//
//   bench_restart SOCKET PID-FILE DOMAINS NODES ROUNDS
//
// DOMAINS domains of NODES nodes each. The time is from kill -9 to the answer of a request that was
// sent at once after it, over the socket that was there before.
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "raw_client.hpp"

namespace {

using namespace stemma;
using bench::RawClient;
using xs::MessageType;
using Clock = std::chrono::steady_clock;
using namespace std::string_literals;

pid_t pid_in(const char* path) {
    pid_t pid = 0;
    std::ifstream(path) >> pid;
    if (pid <= 0) bench::fail(std::string("no pid in ") + path);
    return pid;
}

// Bytes of memory that are the process's alone: the restart log's pages are tmpfs'.
double memory_of(pid_t process) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("RssAnon:")) return std::atof(line.c_str() + 8) * 1024;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: bench_restart SOCKET PID-FILE DOMAINS NODES ROUNDS\n");
        return 2;
    }
    const int domains = std::atoi(argv[3]), nodes = std::atoi(argv[4]), rounds = std::atoi(argv[5]);
    RawClient client(argv[1]);
    const double before = memory_of(pid_in(argv[2]));
    for (int domain = 1; domain <= domains; ++domain) {
        const std::string home = "/local/domain/" + std::to_string(domain) + "/data/";
        for (int node = 0; node < nodes; ++node) {
            const std::string path = home + std::to_string(node / 10) + '/' + std::to_string(node);
            client.demand(MessageType::write, path + "\0a value of thirty bytes, or so"s);
        }
    }
    const double filled = memory_of(pid_in(argv[2]));
    // With what lies between: a directory for each ten of them, and two for each domain.
    const double all = domains * (nodes + nodes / 10.0 + 2);
    std::printf("  %.0f nodes in %d domains take %.1f MB, %.0f bytes each\n", all, domains,
                (filled - before) / 1e6, (filled - before) / all);

    std::vector<double> times;
    const std::string last = "/local/domain/" + std::to_string(domains) + "/data/0/0\0"s;
    for (int round = 0; round < rounds; ++round) {
        const auto start = Clock::now();
        if (::kill(pid_in(argv[2]), SIGKILL) != 0) bench::fail("there is no daemon to kill");
        client.demand(MessageType::read, last);
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
    std::ranges::sort(times);
    std::printf("  from kill -9 to the first answer: %.0f ms (median of %d), %.0f at most\n",
                times[times.size() / 2], rounds, times.back());
    std::printf("  memory of the daemon that goes on: %.1f MB\n", memory_of(pid_in(argv[2])) / 1e6);
    return 0;
}
