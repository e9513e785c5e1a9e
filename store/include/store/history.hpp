// Published history, read-only: what the command line looks at. Opens beside the running daemon,
// takes no lock, and each call sees what was published until then. One thread uses one History.
//
//     auto history = History::open("/var/lib/stemma/store.git");
//     auto log = history->log("config", "/stemma/guests/nat", 20);
//     auto changes = history->diff("before-upgrade", "main", "/stemma");
//
// A revision is the name of a snapshot, "main", "config", a full ref ("refs/guests/nat"), the first
// digits, at least four, of a commit's id; looked up in that order; or an instant, UTC: of
// "@2025-11-21T20:22:11" the live tree as it was then.
#pragma once

#include <cstddef>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/commit.hpp"
#include "store/diff.hpp"
#include "store/error.hpp"
#include "store/tree.hpp"

namespace stemma::store {

struct Snapshot {
    std::string name;
    Commit commit;
};

struct PathChange {
    Change::Kind kind = Change::Kind::changed;
    std::string path;
    std::optional<std::string> old_value;  // absent if added
    std::optional<std::string> new_value;  // absent if removed
    Permissions old_permissions;           // their domains' generations are 0
    Permissions new_permissions;
};

class Repository;

class History {
  public:
    static std::expected<History, Error> open(const std::filesystem::path& repository);
    History(History&&) noexcept;
    History& operator=(History&&) noexcept;
    ~History();

    std::expected<CommitId, Error> resolve(std::string_view revision);
    std::expected<Commit, Error> commit(const CommitId& id);

    // In the order of their names.
    std::expected<std::vector<Snapshot>, Error> snapshots();
    // Names and commits of the guests whose network state was saved, refs/guests/NAME.
    std::expected<std::vector<Snapshot>, Error> guests();

    // The commits, newest first and at most `limit`, that changed something at or below the path,
    // along first parents: all of config, or main and, where that begins, the epochs before it. "/"
    // gives every commit.
    std::expected<std::vector<Commit>, Error> log(std::string_view revision, std::string_view path,
                                                  std::size_t limit);

    // What differs at or below the path, in the order of paths. Reads only what differs.
    std::expected<std::vector<PathChange>, Error> diff(std::string_view from, std::string_view to,
                                                       std::string_view path = "/");

    // The subtree at the path, as a tree whose root it is. Generations are 0, stamps those of a
    // load at the commit's time. Of refs/guests/NAME the root is the domain's data/net.
    std::expected<Tree, Error> read(std::string_view revision, std::string_view path = "/");

  private:
    explicit History(std::unique_ptr<Repository> repository);

    std::expected<CommitId, Error> at_instant(std::string_view text);
    // The last commit of the epoch before the one that a ref names by this commit.
    std::expected<std::optional<CommitId>, Error> epoch_before(const CommitId& head);
    std::expected<std::vector<Snapshot>, Error> named(const std::string& prefix);

    std::unique_ptr<Repository> repository_;
};

}  // namespace stemma::store
