// What the store's operations cost at widths of 10, 1,000 and 10,000 children: an edit that is
// visible, a diff, a merge, and publishing; beside them what a change costs libgit2 alone, git
// fast-import and SQLite in the same run, with ratios; memory and disk; and the three ways of
// writing a batch of objects that the publisher could choose from. Prints tables; proves nothing.
//
//     build/release/bench/bench_store [DIRECTORY]     where the repositories go, default /tmp
#include <git2.h>
#include <git2/sys/mempack.h>
#include <poll.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "pack_writer.hpp"
#include "repository.hpp"
#include "rivals.hpp"
#include "store/diff.hpp"
#include "store/merge.hpp"
#include "store/publisher.hpp"

using namespace stemma::store;

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double microseconds(Clock::duration time) {
    return std::chrono::duration<double, std::micro>(time).count();
}

// Median of many runs.
double median(int runs, const std::function<void(int)>& run) {
    std::vector<double> times;
    for (int i = 0; i < runs; ++i) {
        const auto start = Clock::now();
        run(i);
        times.push_back(microseconds(Clock::now() - start));
    }
    std::ranges::nth_element(times, times.begin() + runs / 2);
    return times[static_cast<std::size_t>(runs / 2)];
}

std::uint64_t edits = 0;
Edit next_edit() {
    ++edits;
    return {{}, edits, edits};
}

std::string leaf(int width, int i) {
    return "/local/domain/3/n" + std::to_string(i % width);
}

Tree tree_of(int width) {
    Tree tree = Tree::rooted({"", Permissions{{Access::none, 0, 0}}}, next_edit());
    for (const char* path : {"/local", "/local/domain", "/local/domain/3"}) {
        tree = *tree.create(path, {"", tree.root().permissions()}, next_edit());
    }
    for (int i = 0; i < width; ++i) {
        tree =
            *tree.create(leaf(width, i),
                         {"a value of thirty bytes or so", tree.root().permissions()}, next_edit());
    }
    return tree;
}

void wait_for(Publisher& publisher, RequestId id) {
    while (true) {
        for (const Completion& done : publisher.take_completions()) {
            if (done.id != id) continue;
            if (!done.result) {
                std::fprintf(stderr, "%s\n", done.result.error().text().c_str());
                std::exit(1);
            }
            return;
        }
        pollfd event{publisher.completion_fd(), POLLIN, 0};
        ::poll(&event, 1, -1);
    }
}

void operations(const fs::path& directory) {
    std::printf("%-44s %10s %10s %10s\n", "microseconds, median; children a directory:", "10",
                "1000", "10000");
    constexpr int widths[] = {10, 1000, 10'000};
    double table[10][3] = {};
    stemma::bench::RivalTimes rivals[3];
    for (int w = 0; w < 3; ++w) {
        const int width = widths[w];
        Tree tree = tree_of(width);
        const Tree base = tree;
        table[0][w] = median(2000, [&](int i) {
            tree = *tree.set_value(leaf(width, i * 7), std::to_string(i), next_edit());
        });
        const Tree other = *base.set_value(leaf(width, 5), "theirs", next_edit());
        const Tree one = *base.set_value(leaf(width, 3), "ours", next_edit());
        table[1][w] = median(2000, [&](int) { diff(base, one, [](const Change&) {}); });
        table[2][w] = median(2000, [&](int) {
            if (!merge(base, one, other, {}, 1)) std::exit(1);
        });
        table[3][w] = median(2000, [&](int i) {
            if (tree.find(leaf(width, i)) == nullptr) std::exit(1);
        });

        const auto publisher = Publisher::open({directory / ("w" + std::to_string(width) + ".git"),
                                                std::chrono::milliseconds(1), 1 << 20});
        if (!publisher) {
            std::fprintf(stderr, "%s\n", publisher.error().text().c_str());
            std::exit(1);
        }
        const auto submit = [&](int i) {
            // A value that was there before would be no commit.
            tree = *tree.set_value(leaf(width, i * 7), std::to_string(edits), next_edit());
            (*publisher)
                ->submit({tree, 0, {"bench", {}, {"write"}}, Submission::Kind::transaction, ""});
        };
        submit(0);
        wait_for(**publisher, (*publisher)->publish_all());
        table[4][w] = median(100, [&](int i) {
            submit(i);
            wait_for(**publisher, (*publisher)->publish_all());
        });
        table[7][w] = median(5,
                             [&](int round) {
                                 for (int i = 0; i < 100; ++i)
                                     submit(round * 100 + i);
                                 wait_for(**publisher, (*publisher)->publish_all());
                             }) /
                      100;
        table[9][w] = median(5, [&](int i) {
            const auto id =
                (*publisher)->snapshot("s" + std::to_string(i), tree, {"bench", {}, {"snapshot"}});
            wait_for(**publisher, id);
        });
        const int batch = width == 10'000 ? 100 : 1000;
        const auto bytes_before = (*publisher)->stats().bytes;
        const auto start = Clock::now();
        double handed_over = 0;
        for (int i = 0; i < batch; ++i) {
            const auto before = Clock::now();
            submit(i + 1000);
            handed_over += microseconds(Clock::now() - before);
        }
        wait_for(**publisher, (*publisher)->publish_all());
        table[5][w] = microseconds(Clock::now() - start) / batch;
        table[6][w] = handed_over / batch;
        table[8][w] = static_cast<double>((*publisher)->stats().bytes - bytes_before) / batch;
        rivals[w] = stemma::bench::measure_rivals(directory, width, width == 10'000 ? 100 : 500);
    }
    const char* const names[] = {"visible: set one value",
                                 "diff of one change",
                                 "merge of two changes",
                                 "look up, four levels",
                                 "publish one commit and wait for it (synced)",
                                 "publish, a commit of a large batch",
                                 "... of that on the owner's thread, edit and all",
                                 "publish a hundred, synced together, each",
                                 "bytes of packs a commit of a large batch",
                                 "snapshot, synced"};
    for (int row = 0; row < 10; ++row) {
        std::printf("%-44s %10.1f %10.1f %10.1f\n", names[row], table[row][0], table[row][1],
                    table[row][2]);
    }
    std::printf("\n%-44s %10s %10s %10s   ours of it\n", "others, microseconds a commit", "10",
                "1000", "10000");
    const auto rival = [&](const char* name, double stemma::bench::RivalTimes::*time, int row) {
        std::printf("%-44s %10.1f %10.1f %10.1f  ", name, rivals[0].*time, rivals[1].*time,
                    rivals[2].*time);
        for (int w = 0; w < 3; ++w)
            std::printf(" %5.2f", table[row][w] / rivals[w].*time);
        std::printf("\n");
    };
    using Times = stemma::bench::RivalTimes;
    rival("SQLite WAL, not synced: ours visible", &Times::sqlite_visible, 0);
    rival("SQLite WAL, a hundred synced: ours the same", &Times::sqlite_shared, 7);
    rival("SQLite WAL, each synced: ours the same", &Times::sqlite_alone, 4);
    rival("libgit2 alone, not synced: ours of a batch", &Times::libgit2, 5);
    rival("git fast-import: ours of a batch", &Times::fast_import, 5);
    rival("git fast-import, bytes a commit: ours", &Times::fast_import_bytes, 8);
}

// What a tree of 100,000 nodes takes in memory, and each of 1,000 more versions of it, all kept.
void memory() {
    const auto resident = [] {
        long pages = 0;
        std::FILE* const file = std::fopen("/proc/self/statm", "r");
        if (file == nullptr || std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
        if (file != nullptr) std::fclose(file);
        return static_cast<double>(pages) * 4096;
    };
    const double before = resident();
    Tree tree = Tree::rooted({"", Permissions{{Access::none, 0, 0}}}, next_edit());
    for (int domain = 0; domain < 1000; ++domain) {
        const std::string home = "/d" + std::to_string(domain);
        tree = *tree.create(home, {"", tree.root().permissions()}, next_edit());
        for (int i = 0; i < 99; ++i) {
            tree = *tree.create(home + "/n" + std::to_string(i),
                                {"a value of thirty bytes or so", tree.root().permissions()},
                                next_edit());
        }
    }
    const double made = resident();
    std::vector<Tree> versions;
    for (int i = 0; i < 10'000; ++i) {
        tree = *tree.set_value("/d" + std::to_string(i % 1000) + "/n5", std::to_string(i),
                               next_edit());
        versions.push_back(tree);
    }
    std::printf("\n%-44s %10.0f\n%-44s %10.0f\n", "bytes of memory a node",
                (made - before) / 100'000, "bytes of memory a version that is kept",
                (resident() - made) / 10'000);
}

// A batch of 200 blobs of 30 bytes, synced: what one pack costs beside loose objects and libgit2's
// mempack with its packbuilder.
void ways_of_writing(const fs::path& directory) {
    constexpr int batch = 200;
    int serial = 0;
    const auto blob = [&] { return "value number " + std::to_string(++serial) + " of thirty"; };
    std::printf("\n%-44s %10s\n", "a batch of 200 blobs, synced", "ms");
    auto repository = Repository::open_or_create(directory / "ways.git");
    if (!repository) std::exit(1);
    const double own = median(15, [&](int) {
        PackWriter pack(real_disk(), directory / "ways.git", "bench", nullptr);
        for (int i = 0; i < batch; ++i)
            static_cast<void>(pack.put(ObjectKind::blob, blob()));
        if (!pack.finish()) std::exit(1);
    });
    git_repository* raw = nullptr;
    git_repository_open_bare(&raw, (directory / "ways.git").c_str());
    git_odb* odb = nullptr;
    git_repository_odb(&odb, raw);
    const double loose = median(15, [&](int) {
        for (int i = 0; i < batch; ++i) {
            const std::string bytes = blob();
            git_oid id;
            git_odb_write(&id, odb, bytes.data(), bytes.size(), GIT_OBJECT_BLOB);
        }
    });
    git_odb_backend* memory = nullptr;
    git_mempack_new(&memory);
    git_odb_add_backend(odb, memory, 999);
    const double mempack = median(15, [&](int) {
        git_packbuilder* builder = nullptr;
        git_packbuilder_new(&builder, raw);
        for (int i = 0; i < batch; ++i) {
            const std::string bytes = blob();
            git_oid id;
            git_odb_write(&id, odb, bytes.data(), bytes.size(), GIT_OBJECT_BLOB);
            git_packbuilder_insert(builder, &id, nullptr);
        }
        git_packbuilder_write(builder, nullptr, 0, nullptr, nullptr);
        git_packbuilder_free(builder);
        git_mempack_reset(memory);
    });
    git_odb_free(odb);
    git_repository_free(raw);
    std::printf("%-44s %10.2f\n", "our pack (what we do)", own / 1000);
    std::printf("%-44s %10.2f\n", "libgit2 mempack and packbuilder", mempack / 1000);
    std::printf("%-44s %10.2f\n", "libgit2 loose objects", loose / 1000);
}

}  // namespace

int main(int argc, char** argv) {
    std::string name = (fs::path(argc > 1 ? argv[1] : "/tmp") / "bench-store-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        std::perror(name.c_str());
        return 1;
    }
    memory();
    operations(name);
    ways_of_writing(name);
    fs::remove_all(name);
    return 0;
}
