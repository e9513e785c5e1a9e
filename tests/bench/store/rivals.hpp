// What a change costs others: libgit2 alone, git fast-import, and SQLite in WAL mode. Each has a
// directory (or table) of `width` values of thirty bytes, four levels deep where it has levels, and
// changes one value a commit. Microseconds a commit.
#pragma once

#include <filesystem>

namespace stemma::bench {

struct RivalTimes {
    double libgit2 = 0;            // blob, four trees, commit, ref; not synced
    double fast_import = 0;        // one process fed with all commits, its end included
    double sqlite_alone = 0;       // a transaction each, synced (synchronous=FULL)
    double sqlite_shared = 0;      // a hundred changes a transaction, synced
    double sqlite_visible = 0;     // a transaction each, not synced (synchronous=OFF)
    double fast_import_bytes = 0;  // of disk, a commit
};

RivalTimes measure_rivals(const std::filesystem::path& directory, int width, int commits);

}  // namespace stemma::bench
