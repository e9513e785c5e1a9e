#include "ref_file.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "file_read.hpp"
#include "temporary_directory.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

namespace fs = std::filesystem;

// Two commits of git's own to point at.
struct Commits {
    Commits() {
        const std::string tree = test::git(path(), "mktree </dev/null").output.substr(0, 40);
        for (CommitId* id : {&one, &two}) {
            const std::string message = id == &one ? "one" : "two";
            const Ran made = test::git(
                path(), "-c user.name=x -c user.email=x commit-tree -m " + message + " " + tree);
            *id = *CommitId::from_hex(made.output.substr(0, 40));
        }
    }
    fs::path path() const { return directory / "r.git"; }

    TemporaryDirectory directory;
    Repository repository = *Repository::open_or_create(directory / "r.git");
    CommitId one;
    CommitId two;
};

}  // namespace

TEST_CASE("a ref moves only from where it is said to be, packed by git or not") {
    Commits commits;
    const auto move = [&](const std::optional<CommitId>& from, const CommitId& to) {
        const auto moved = move_ref_file(real_disk(), commits.repository, "refs/live/x", from, to);
        REQUIRE(moved);
        return *moved;
    };
    CHECK_FALSE(move(commits.one, commits.two));
    CHECK(move(std::nullopt, commits.one));
    CHECK_FALSE(move(std::nullopt, commits.two));
    CHECK(test::git(commits.path(), "rev-parse refs/live/x").output == commits.one.hex() + "\n");
    // git moves it into one file, and takes the empty directory away.
    CHECK(test::git(commits.path(), "pack-refs --all --prune").status == 0);
    CHECK_FALSE(fs::exists(commits.path() / "refs/live/x"));
    fs::remove(commits.path() / "refs/live");
    CHECK_FALSE(move(commits.two, commits.one));
    CHECK(move(commits.one, commits.two));
    CHECK(test::git(commits.path(), "rev-parse refs/live/x").output == commits.two.hex() + "\n");
    CHECK(commits.repository.remove_ref("refs/live/x", commits.one) == false);
    CHECK(commits.repository.remove_ref("refs/live/x", commits.two) == true);
    CHECK(test::git(commits.path(), "rev-parse -q --verify refs/live/x").status != 0);
    CHECK(files_in(commits.path() / "refs/live").empty());
}

TEST_CASE("a ref that somebody else has locked for long is an error that says so") {
    Commits commits;
    std::ofstream(commits.path() / "refs/heads/main.lock") << "";
    const auto moved = move_ref_file(real_disk(), commits.repository, "refs/heads/main",
                                     std::nullopt, commits.one);
    REQUIRE_FALSE(moved);
    CHECK(moved.error().why == "somebody else has it locked");
    CHECK(fs::exists(commits.path() / "refs/heads/main.lock"));
}
