// Round trips of a stock client (libxenstore) with several daemons, taking turns: in each round
// every daemon does a share of each case, so that what else the machine does falls on all of them.
//
//   bench_xenstored COUNT NAME=SOCKET...      the first is the one the others are compared with
//
// Prints, for each case, the median and the mean of one operation in microseconds, and the ratio of
// the medians to the first daemon's; then the processor time that each daemon took for it, all its
// threads together, by the scheduler's count.
extern "C" {  // the header does not say so itself
#include <xenstore.h>
}

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "process_behind.hpp"

namespace {

using stemma::bench::process_behind;
using stemma::bench::processor_time;
using Clock = std::chrono::steady_clock;

struct Daemon {
    std::string name;
    xs_handle* handle;
    pid_t process;
};

[[noreturn]] void fail(const std::string& why) {
    std::fprintf(stderr, "bench_xenstored: %s\n", why.c_str());
    std::exit(1);
}

void expect(bool holds, const char* what) {
    if (!holds) fail(what);
}

std::string value_of(char* text) {
    if (text == nullptr) fail("read");
    std::string value(text);
    std::free(text);
    return value;
}

void write(xs_handle* h, xs_transaction_t t, const char* path, std::string_view value) {
    expect(xs_write(h, t, path, value.data(), static_cast<unsigned>(value.size())), "write");
}

std::string read(xs_handle* h, xs_transaction_t t, const char* path) {
    unsigned length = 0;
    return value_of(static_cast<char*>(xs_read(h, t, path, &length)));
}

struct Case {
    const char* name;
    int operations;  // requests in one
    std::function<void(xs_handle*)> prepare;
    std::function<void(xs_handle*)> run;
};

const std::string small = "x";
const std::string large(2000, 'x');

std::vector<Case> cases() {
    const auto nothing = [](xs_handle*) {};
    std::vector<Case> all;
    for (const std::string* value : {&small, &large}) {
        all.push_back({value == &small ? "read 1 B" : "read 2000 B", 1,
                       [=](xs_handle* h) { write(h, XBT_NULL, "/bench/value", *value); },
                       [](xs_handle* h) { read(h, XBT_NULL, "/bench/value"); }});
        all.push_back({value == &small ? "write 1 B" : "write 2000 B", 1, nothing,
                       [=](xs_handle* h) { write(h, XBT_NULL, "/bench/value", *value); }});
    }
    all.push_back({"directory of 10", 1,
                   [](xs_handle* h) {
                       for (char c = 'a'; c < 'k'; ++c)
                           write(h, XBT_NULL, (std::string("/bench/d/") + c).c_str(), small);
                   },
                   [](xs_handle* h) {
                       unsigned count = 0;
                       char** const names = xs_directory(h, XBT_NULL, "/bench/d", &count);
                       expect(names != nullptr && count == 10, "directory");
                       std::free(names);
                   }});
    all.push_back({"create and remove", 2, nothing, [](xs_handle* h) {
                       write(h, XBT_NULL, "/bench/new", small);
                       expect(xs_rm(h, XBT_NULL, "/bench/new"), "rm");
                   }});
    all.push_back({"empty transaction", 2, nothing, [](xs_handle* h) {
                       const xs_transaction_t t = xs_transaction_start(h);
                       expect(t != XBT_NULL && xs_transaction_end(h, t, false), "transaction");
                   }});
    all.push_back({"transaction: read, write", 4,
                   [](xs_handle* h) { write(h, XBT_NULL, "/bench/t", small); },
                   [](xs_handle* h) {
                       const xs_transaction_t t = xs_transaction_start(h);
                       read(h, t, "/bench/t");
                       write(h, t, "/bench/t", small);
                       expect(xs_transaction_end(h, t, false), "transaction");
                   }});
    all.push_back({"transaction of 20 writes", 22, nothing, [](xs_handle* h) {
                       static const std::vector<std::string> paths = [] {
                           std::vector<std::string> made;
                           for (int i = 0; i < 20; ++i)
                               made.push_back("/bench/many/" + std::to_string(i));
                           return made;
                       }();
                       const xs_transaction_t t = xs_transaction_start(h);
                       for (const std::string& path : paths)
                           write(h, t, path.c_str(), small);
                       expect(xs_transaction_end(h, t, false), "transaction");
                   }});
    all.push_back({"transaction that conflicts", 5,
                   [](xs_handle* h) { write(h, XBT_NULL, "/bench/t", small); },
                   [](xs_handle* h) {
                       static unsigned count = 0;
                       const xs_transaction_t t = xs_transaction_start(h);
                       read(h, t, "/bench/t");
                       write(h, XBT_NULL, "/bench/t", std::to_string(++count));
                       write(h, t, "/bench/t", "mine");
                       expect(!xs_transaction_end(h, t, false), "a conflict");
                   }});
    return all;
}

double microseconds(Clock::duration d) {
    return std::chrono::duration<double, std::micro>(d).count();
}

struct Result {
    std::vector<double> times;
    double processor = 0;
    double median() {
        std::ranges::nth_element(times, times.begin() + static_cast<long>(times.size() / 2));
        return times[times.size() / 2];
    }
    double mean() const {
        double sum = 0;
        for (const double time : times)
            sum += time;
        return sum / static_cast<double>(times.size());
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) fail("usage: bench_xenstored COUNT NAME=SOCKET...");
    const int count = std::atoi(argv[1]);
    std::vector<Daemon> daemons;
    for (int i = 2; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto equals = word.find('=');
        if (equals == std::string_view::npos) fail("NAME=SOCKET expected");
        ::setenv("XENSTORED_PATH", argv[i] + equals + 1, 1);
        xs_handle* const handle = xs_open(0);
        if (handle == nullptr) fail(std::string("cannot open ") + (argv[i] + equals + 1));
        daemons.push_back(
            {std::string(word.substr(0, equals)), handle, process_behind(argv[i] + equals + 1)});
    }

    const auto headline = [&](const char* what) {
        std::printf("  %-28s", what);
        for (const Daemon& daemon : daemons)
            std::printf("  %20s", daemon.name.c_str());
        for (std::size_t i = 1; i < daemons.size(); ++i)
            std::printf("  %8s", i == 1 ? "ratio" : "");
        std::printf("\n");
    };
    headline("microseconds: median (mean)");
    std::vector<std::vector<double>> processor;  // by case, by daemon
    constexpr int rounds = 20;
    for (const Case& one : cases()) {
        const int share = std::max(1, count / one.operations / rounds);
        std::vector<Result> results(daemons.size());
        for (int round = 0; round < rounds; ++round) {
            for (std::size_t i = 0; i < daemons.size(); ++i) {
                xs_handle* const handle = daemons[i].handle;
                xs_rm(handle, XBT_NULL, "/bench");
                write(handle, XBT_NULL, "/bench", "");
                one.prepare(handle);
                one.run(handle);
                const double before = processor_time(daemons[i].process);
                for (int n = 0; n < share; ++n) {
                    const auto start = Clock::now();
                    one.run(handle);
                    results[i].times.push_back(microseconds(Clock::now() - start));
                }
                results[i].processor += processor_time(daemons[i].process) - before;
            }
        }
        std::printf("  %-28s", one.name);
        for (Result& result : results)
            std::printf("  %11.1f (%6.1f)", result.median(), result.mean());
        for (std::size_t i = 1; i < results.size(); ++i)
            std::printf("  %8.2f", results[i].median() / results.front().median());
        std::printf("\n");
        std::fflush(stdout);
        processor.emplace_back();
        for (const Result& result : results)
            processor.back().push_back(result.processor / static_cast<double>(result.times.size()));
    }
    std::printf("\n");
    headline("microseconds of the daemon");
    for (std::size_t c = 0; const Case& one : cases()) {
        const std::vector<double>& took = processor[c++];
        std::printf("  %-28s", one.name);
        for (const double time : took)
            std::printf("  %20.1f", time);
        for (std::size_t i = 1; i < took.size(); ++i)
            std::printf("  %8.2f", took[i] / took.front());
        std::printf("\n");
    }
    for (const Daemon& daemon : daemons)
        xs_close(daemon.handle);
    return 0;
}
