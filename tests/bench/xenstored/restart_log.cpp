// What the restart log costs: one changed value in a directory of WIDTH children, visible alone and
// committed to the log; and what 120,000 nodes cost at a restart.
//
//   bench_restart_log DIRECTORY [COUNT]     DIRECTORY on tmpfs; COUNT changes for each figure
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "xenstored/branch.hpp"
#include "xenstored/record_writer.hpp"
#include "xenstored/recovery.hpp"
#include "xenstored/restart_log.hpp"

namespace {

using namespace stemma;
using namespace stemma::xenstored;
using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

struct Made {
    EditNumbers numbers;
    store::Tree tree =
        store::Tree::rooted({{}, store::Permissions{{store::Access::none, 0, 0}}}, {});

    void edit(const std::string& path, std::string_view value) {
        Branch branch(tree, numbers);
        tree = {};
        branch.stamp({store::Time(std::chrono::microseconds(1'700'000'000'000'000)), 5,
                      store::Operation::write});
        if (branch.tree().find(path) != nullptr) {
            branch.set_value(path, value);
        } else {
            branch.create(path, {value, store::Permissions{{store::Access::none, 5, 1}}});
        }
        tree = branch.tree();
    }
};

void print(const char* name, std::vector<double> times) {
    std::ranges::sort(times);
    std::printf("  %-34s %8.2f %8.2f %8.2f\n", name, times[times.size() / 2],
                times[times.size() * 99 / 100], times[times.size() * 999 / 1000]);
}

void changes(const std::string& directory, std::size_t width, std::size_t count) {
    Made made;
    for (const char* const path :
         {"/local", "/local/domain", "/local/domain/5", "/local/domain/5/d"})
        made.edit(path, "");
    for (std::size_t i = 0; i < width; ++i)
        made.edit("/local/domain/5/d/node" + std::to_string(i), "a value of thirty bytes, or so");
    State state;
    state.tree = made.tree;
    state.connections[1];
    auto log = RestartLog::begin({.directory = directory}, state);
    if (!log) std::abort();
    RecordWriter records;
    records.turn_on();
    std::vector<double> visible, restartable;
    const std::string reply(19, 'r');
    for (std::size_t i = 0; i < count; ++i) {
        const std::string path = "/local/domain/5/d/node" + std::to_string(i * 7919 % width);
        const store::Tree before = made.tree;
        const auto start = Clock::now();
        made.edit(path, std::to_string(i) + " is another value, so long");
        const auto seen = Clock::now();
        records.consumed({1}, 60);
        records.queued({1}, false, {}, reply);
        records.sent({1}, reply.size());
        records.tree(before, made.tree);
        records.counters(i, 0, 0);
        (*log)->commit(records.bytes());
        records.clear();
        const auto safe = Clock::now();
        visible.push_back(microseconds(seen - start));
        restartable.push_back(microseconds(safe - start));
        if ((*log)->wants_checkpoint()) (*log)->checkpoint(state);
    }
    const std::string of = ", of " + std::to_string(width);
    print(("visible" + of).c_str(), std::move(visible));
    print(("restartable" + of).c_str(), std::move(restartable));
    (*log)->discard();
}

void restart(const std::string& directory) {
    Made made;
    made.edit("/local", "");
    made.edit("/local/domain", "");
    for (int domain = 1; domain <= 1200; ++domain) {
        const std::string home = "/local/domain/" + std::to_string(domain);
        made.edit(home, "");
        for (int i = 0; i < 99; ++i)
            made.edit(home + "/node" + std::to_string(i), "a value of thirty bytes, or so");
    }
    State state;
    state.tree = made.tree;
    const auto start = Clock::now();
    auto log = RestartLog::begin({.directory = directory}, state);
    const auto written = Clock::now();
    if (!log) std::abort();
    const auto reading = Clock::now();
    const auto recovered = recover(directory);
    const auto read = Clock::now();
    if (!recovered || !*recovered) std::abort();
    std::printf("  120,000 nodes: the checkpoint is written in %.0f ms, read in %.0f ms\n",
                microseconds(written - start) / 1000, microseconds(read - reading) / 1000);
    (*log)->discard();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_restart_log DIRECTORY [COUNT]\n");
        return 2;
    }
    const std::string directory = std::string(argv[1]) + "/restart";
    const std::size_t count = argc > 2 ? static_cast<std::size_t>(std::atol(argv[2])) : 50'000;
    std::printf("  %-34s %8s %8s %8s\n", "microseconds for one change", "median", "p99", "p99.9");
    for (const std::size_t width : {std::size_t{10}, std::size_t{1000}, std::size_t{10'000}})
        changes(directory, width, count);
    restart(directory);
    return 0;
}
