// What the store's operations cost at widths of 10, 1,000 and 10,000 children: an edit that is
// visible, a diff, a merge, and publishing; and the three ways of writing a batch of objects that
// the publisher could choose from. Prints a table; proves nothing.
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
    double table[7][3] = {};
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
            tree = *tree.set_value(leaf(width, i * 7), std::to_string(i), next_edit());
            (*publisher)
                ->submit({tree, 0, {"bench", {}, {"write"}}, Submission::Kind::transaction, ""});
        };
        submit(0);
        wait_for(**publisher, (*publisher)->publish_all());
        table[4][w] = median(100, [&](int i) {
            submit(i);
            wait_for(**publisher, (*publisher)->publish_all());
        });
        const int batch = width == 10'000 ? 100 : 1000;
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
    }
    const char* const names[] = {"visible: set one value",
                                 "diff of one change",
                                 "merge of two changes",
                                 "look up, four levels",
                                 "publish one commit and wait for it (synced)",
                                 "publish, a commit of a large batch",
                                 "... of that on the owner's thread, edit and all"};
    for (int row = 0; row < 7; ++row) {
        std::printf("%-44s %10.1f %10.1f %10.1f\n", names[row], table[row][0], table[row][1],
                    table[row][2]);
    }
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
    operations(name);
    ways_of_writing(name);
    fs::remove_all(name);
    return 0;
}
