// What one operation costs when there is much of everything, for several daemons, one after the
// other:
//
//   bench_scale DOMAINS NODES NAME=SOCKET...
//
// 1. one domain against DOMAINS domains of NODES nodes, each with a toolstack's connection and two
//    watches: the same operations on the first domain;
// 2. a walk through all of it;
// 3. 30 clients that watch /local/domain/0/backend, and 30 that write below it;
// 4. how long a read takes at worst while others write.
#include <poll.h>

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

#include "process_behind.hpp"
#include "raw_client.hpp"

namespace {

using namespace stemma;
using bench::RawClient;
using xs::MessageType;
using Clock = std::chrono::steady_clock;
using namespace std::string_literals;

double microseconds(Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

// Of sorted times; `part` of 1.
double percentile(const std::vector<double>& sorted, double part) {
    const auto at = static_cast<std::size_t>(part * static_cast<double>(sorted.size()));
    return sorted[std::min(at, sorted.size() - 1)];
}

std::string home(int domain) {
    return "/local/domain/" + std::to_string(domain);
}

void write(RawClient& client, const std::string& path, std::string_view value) {
    client.demand(MessageType::write, (path + '\0').append(value));
}

class Population {
  public:
    Population(const char* socket, int nodes) : socket_(socket), nodes_(nodes), maker_(socket) {}

    void grow_to(int domains) {
        for (; domains_ < domains; ++domains_) {
            const std::string at = home(domains_ + 1);
            for (int node = 0; node < nodes_; ++node) {
                const std::string group = std::to_string(node / 10);
                write(maker_, at + "/data/" + group + '/' + std::to_string(node), "value");
            }
            toolstacks_.push_back(std::make_unique<RawClient>(socket_));
            for (const char* const watched : {"/control", "/device"})
                toolstacks_.back()->demand(MessageType::watch, at + watched + '\0' + "token\0"s);
        }
    }

  private:
    const char* socket_;
    int nodes_;
    int domains_ = 0;
    RawClient maker_;
    std::vector<std::unique_ptr<RawClient>> toolstacks_;
};

struct Cost {
    double read, write, transaction;  // microseconds
};

Cost cost_of_one(const char* socket) {
    RawClient client(socket);
    const std::string path = home(1) + "/data/0/1"s;
    // The least of some medians: what else the machine does only adds.
    const auto median = [](auto operation) {
        double least = 0;
        for (int round = 0; round < 5; ++round) {
            std::vector<double> times;
            for (int i = 0; i < 1000; ++i) {
                const auto start = Clock::now();
                operation(i);
                times.push_back(microseconds(Clock::now() - start));
            }
            std::ranges::sort(times);
            const double middle = percentile(times, 0.5);
            if (round == 0 || middle < least) least = middle;
        }
        return least;
    };
    Cost cost{};
    cost.read = median([&](int) { client.demand(MessageType::read, path + '\0'); });
    cost.write = median([&](int i) { write(client, path, std::to_string(i)); });
    cost.transaction = median([&](int i) {
        const std::string id(client.demand(MessageType::transaction_start, "\0"s));
        const auto transaction = static_cast<std::uint32_t>(std::atol(id.c_str()));
        client.demand(MessageType::read, path + '\0', transaction);
        client.demand(MessageType::write, path + '\0' + std::to_string(i), transaction);
        client.demand(MessageType::transaction_end, "T\0"s, transaction);
    });
    return cost;
}

void compare_population(const std::string& name, const char* socket, Population& population,
                        int domains, int nodes) {
    population.grow_to(1);
    const Cost alone = cost_of_one(socket);
    const auto start = Clock::now();
    population.grow_to(domains);
    const double seconds = microseconds(Clock::now() - start) / 1e6;
    const Cost among = cost_of_one(socket);
    std::printf("  %-20s one domain: read %.1f, write %.1f, transaction %.1f us\n", name.c_str(),
                alone.read, alone.write, alone.transaction);
    std::printf(
        "  %-20s of %d, %d nodes each: %.1f, %.1f, %.1f us; ratios %.2f, %.2f, %.2f"
        " (made in %.1f s)\n",
        "", domains, nodes, among.read, among.write, among.transaction, among.read / alone.read,
        among.write / alone.write, among.transaction / alone.transaction, seconds);
}

void walk(const std::string& name, const char* socket) {
    RawClient client(socket);
    const auto start = Clock::now();
    std::size_t nodes = 0, unlisted = 0;
    std::vector<std::string> waiting{"/"};
    while (!waiting.empty()) {
        const std::string at = std::move(waiting.back());
        waiting.pop_back();
        ++nodes;
        client.demand(MessageType::read, at + '\0');
        const RawClient::Reply reply = client.ask(MessageType::directory, at + '\0');
        if (reply.error) {
            ++unlisted;  // over 4,096 bytes of names
            continue;
        }
        std::string_view rest = reply.payload;
        while (!rest.empty()) {
            const auto end = rest.find('\0');
            waiting.push_back((at == "/" ? "" : at) + '/' + std::string(rest.substr(0, end)));
            rest.remove_prefix(end + 1);
        }
    }
    std::printf("  %-20s %zu nodes walked in %.2f s", name.c_str(), nodes,
                microseconds(Clock::now() - start) / 1e6);
    if (unlisted > 0) std::printf(", %zu lists too long for one reply", unlisted);
    std::printf("\n");
}

// Everybody writes at once; over when each watcher has each event.
void watchers_and_writers(const std::string& name, const char* socket) {
    constexpr int clients = 30, rounds = 50;
    const std::string top = "/local/domain/0/backend";
    std::vector<std::unique_ptr<RawClient>> watchers, writers;
    std::vector<pollfd> waiting;
    for (int i = 0; i < clients; ++i) {
        watchers.push_back(std::make_unique<RawClient>(socket));
        watchers.back()->demand(MessageType::watch, top + '\0' + "token\0"s);
        watchers.back()->receive_event();
        waiting.push_back({watchers.back()->fd(), POLLIN, 0});
        writers.push_back(std::make_unique<RawClient>(socket));
    }
    const double before = bench::processor_time(bench::process_behind(socket));
    const auto start = Clock::now();
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < clients; ++i) {
            writers[static_cast<std::size_t>(i)]->send(
                MessageType::write,
                top + "/vif/" + std::to_string(i) + "/state" + '\0' + std::to_string(round % 7));
        }
        for (const auto& writer : writers)
            writer->receive();
        for (const auto& watcher : watchers) {
            // The first write makes the nodes above it, which is no event of its own.
            const auto wanted = static_cast<std::uint64_t>(1 + (round + 1) * clients);
            while (watcher->events() < wanted)
                watcher->receive_event();
        }
    }
    const double time = microseconds(Clock::now() - start);
    const double events = clients * clients * rounds;
    std::printf("  %-20s %.0f events in %.2f s, %.2f us each; daemon's processor %.2f us each\n",
                name.c_str(), events, time / 1e6, time / events,
                (bench::processor_time(bench::process_behind(socket)) - before) / events);
}

// One reader, measured, beside writers that make a commit each time.
void reads_beside_writers(const std::string& name, const char* socket) {
    std::atomic<bool> stop = false;
    std::thread writer([&] {
        RawClient client(socket);
        for (int i = 0; !stop; ++i) {
            write(client, home(1 + i % 50) + "/data/0/" + std::to_string(i % 10),
                  std::to_string(i));
            std::this_thread::sleep_for(std::chrono::microseconds(500));
        }
    });
    RawClient client(socket);
    const std::string path = home(1) + "/data/0/1\0"s;
    std::vector<double> times;
    const auto end = Clock::now() + std::chrono::seconds(10);
    for (auto start = Clock::now(); start < end;) {
        client.demand(MessageType::read, path);
        const auto now = Clock::now();
        times.push_back(microseconds(now - start));
        start = now;
    }
    stop = true;
    writer.join();
    std::ranges::sort(times);
    std::printf("  %-20s %zu reads: median %.1f, p99 %.1f, p99.9 %.1f, longest %.0f us\n",
                name.c_str(), times.size(), percentile(times, 0.5), percentile(times, 0.99),
                percentile(times, 0.999), times.back());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) bench::fail("usage: bench_scale DOMAINS NODES NAME=SOCKET...");
    const int domains = std::atoi(argv[1]);
    const int nodes = std::atoi(argv[2]);
    for (int n = 3; n < argc; ++n) {
        const std::string_view word = argv[n];
        const auto equals = word.find('=');
        if (equals == std::string_view::npos) bench::fail("NAME=SOCKET expected");
        const std::string name(word.substr(0, equals));
        const char* const socket = argv[n] + equals + 1;
        Population population(socket, nodes);
        compare_population(name, socket, population, domains, nodes);
        walk(name, socket);
        watchers_and_writers(name, socket);
        reads_beside_writers(name, socket);
        std::fflush(stdout);
    }
    return 0;
}
