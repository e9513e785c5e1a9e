#include "rivals.hpp"

#include <git2.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace stemma::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double microseconds_since(Clock::time_point start) {
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "bench_store: %s failed\n", what);
    std::exit(1);
}

void check(int code, const char* what) {
    if (code < 0) give_up(what);
}

std::string leaf(int width, int i) {
    return "n" + std::to_string(i % width);
}

// The tree of the last commit with one entry replaced, level by level, by libgit2's own update.
double libgit2(const fs::path& directory, int width, int commits) {
    git_libgit2_init();
    git_repository* repository = nullptr;
    check(git_repository_init(&repository, (directory / "libgit2.git").c_str(), 1), "libgit2 init");
    git_signature* who = nullptr;
    check(git_signature_new(&who, "bench", "bench", 0, 0), "libgit2 signature");
    git_treebuilder* builder = nullptr;
    check(git_treebuilder_new(&builder, repository, nullptr), "libgit2 treebuilder");
    git_oid blob;
    check(git_blob_create_from_buffer(&blob, repository, "a value of thirty bytes or so", 29),
          "libgit2 blob");
    for (int i = 0; i < width; ++i) {
        check(git_treebuilder_insert(nullptr, builder, leaf(width, i).c_str(), &blob,
                                     GIT_FILEMODE_BLOB),
              "libgit2 insert");
    }
    git_oid tree_id;
    check(git_treebuilder_write(&tree_id, builder), "libgit2 write");
    git_treebuilder_free(builder);
    for (const char* level : {"3", "domain", "local"}) {
        git_treebuilder* above = nullptr;
        check(git_treebuilder_new(&above, repository, nullptr), "libgit2 treebuilder");
        check(git_treebuilder_insert(nullptr, above, level, &tree_id, GIT_FILEMODE_TREE),
              "libgit2 insert");
        check(git_treebuilder_write(&tree_id, above), "libgit2 write");
        git_treebuilder_free(above);
    }
    git_oid last{};
    git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 0);  // the store has set it for the process
    const auto start = Clock::now();
    for (int i = 0; i < commits; ++i) {
        const std::string value = "value " + std::to_string(i) + " of thirty bytes";
        check(git_blob_create_from_buffer(&blob, repository, value.data(), value.size()),
              "libgit2 blob");
        git_tree* tree = nullptr;
        check(git_tree_lookup(&tree, repository, &tree_id), "libgit2 tree");
        const std::string path = "local/domain/3/" + leaf(width, i * 7);
        const git_tree_update update{GIT_TREE_UPDATE_UPSERT, blob, GIT_FILEMODE_BLOB, path.c_str()};
        check(git_tree_create_updated(&tree_id, repository, tree, 1, &update), "libgit2 update");
        git_tree_free(tree);
        check(git_tree_lookup(&tree, repository, &tree_id), "libgit2 tree");
        git_commit* parent = nullptr;
        if (i > 0) check(git_commit_lookup(&parent, repository, &last), "libgit2 parent");
        const git_commit* parents[] = {parent};
        check(git_commit_create(&last, repository, "refs/heads/main", who, who, nullptr, "write",
                                tree, i > 0 ? 1 : 0, i > 0 ? parents : nullptr),
              "libgit2 commit");
        git_commit_free(parent);
        git_tree_free(tree);
    }
    const double time = microseconds_since(start) / commits;
    git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
    git_signature_free(who);
    git_repository_free(repository);
    git_libgit2_shutdown();
    return time;
}

double fast_import(const fs::path& directory, int width, int commits, double& bytes) {
    const fs::path repository = directory / "import.git";
    const fs::path stream = directory / "stream";
    {
        std::ofstream out(stream);
        for (int i = 0; i <= commits; ++i) {
            out << "commit refs/heads/main\ncommitter b <b> " << i << " +0000\ndata 5\nwrite\n";
            for (int entry = 0; entry < (i == 0 ? width : 1); ++entry) {
                const std::string value = "value " + std::to_string(i) + " of thirty bytes";
                out << "M 100644 inline local/domain/3/" << leaf(width, i == 0 ? entry : i * 7)
                    << "\ndata " << value.size() << "\n"
                    << value << "\n";
            }
        }
    }
    const std::string git = "git --git-dir='" + repository.string() + "' ";
    if (std::system((git + "init -q --bare").c_str()) != 0) give_up("git init");
    const auto start = Clock::now();
    if (std::system((git + "fast-import --quiet <'" + stream.string() + "'").c_str()) != 0) {
        give_up("git fast-import");
    }
    const double time = microseconds_since(start) / commits;
    for (const auto& file : fs::recursive_directory_iterator(repository / "objects")) {
        if (file.is_regular_file()) bytes += static_cast<double>(file.file_size()) / commits;
    }
    return time;
}

double sqlite(const fs::path& file, const char* synchronous, int width, int commits, int together) {
    sqlite3* database = nullptr;
    if (sqlite3_open(file.c_str(), &database) != SQLITE_OK) give_up("sqlite open");
    const auto run = [&](const std::string& text) {
        if (sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
            give_up(text.c_str());
        }
    };
    run("PRAGMA journal_mode=WAL");
    run(std::string("PRAGMA synchronous=") + synchronous);
    run("CREATE TABLE IF NOT EXISTS node (path TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID");
    sqlite3_stmt* put = nullptr;
    if (sqlite3_prepare_v2(database, "INSERT OR REPLACE INTO node VALUES (?, ?)", -1, &put,
                           nullptr) != SQLITE_OK) {
        give_up("sqlite prepare");
    }
    const auto set = [&](int i) {
        const std::string path = "/local/domain/3/" + leaf(width, i);
        const std::string value = "value " + std::to_string(i) + " of thirty bytes";
        sqlite3_bind_text(put, 1, path.data(), static_cast<int>(path.size()), SQLITE_TRANSIENT);
        sqlite3_bind_blob(put, 2, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
        if (sqlite3_step(put) != SQLITE_DONE) give_up("sqlite put");
        sqlite3_reset(put);
    };
    run("BEGIN");
    for (int i = 0; i < width; ++i)
        set(i);
    run("COMMIT");
    const auto start = Clock::now();
    for (int i = 0; i < commits;) {
        run("BEGIN");
        for (int n = 0; n < together && i < commits; ++n, ++i)
            set(i * 7);
        run("COMMIT");
    }
    const double time = microseconds_since(start) / commits;
    sqlite3_finalize(put);
    sqlite3_close(database);
    return time;
}

}  // namespace

RivalTimes measure_rivals(const fs::path& directory, int width, int commits) {
    const fs::path here = directory / ("rivals" + std::to_string(width));
    fs::create_directories(here);
    RivalTimes times;
    times.libgit2 = libgit2(here, width, commits);
    times.fast_import = fast_import(here, width, commits, times.fast_import_bytes);
    times.sqlite_alone = sqlite(here / "alone.db", "FULL", width, commits, 1);
    times.sqlite_shared = sqlite(here / "shared.db", "FULL", width, commits * 10, 100);
    times.sqlite_visible = sqlite(here / "visible.db", "OFF", width, commits * 10, 1);
    return times;
}

}  // namespace stemma::bench
