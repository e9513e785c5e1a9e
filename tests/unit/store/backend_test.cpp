#include "store/backend.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "store/ancestry.hpp"
#include "store/git_backend.hpp"
#include "store/memory_backend.hpp"
#include "temporary_directory.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

// The same facts of both backends.
struct Backends {
    Backends() {
        auto opened = GitBackend::open(directory / "s.git");
        if (!opened) FAIL(opened.error().text());
        git = std::make_unique<GitBackend>(std::move(*opened));
    }
    std::vector<Backend*> all() { return {&memory, git.get()}; }

    TemporaryDirectory directory;
    MemoryBackend memory;
    std::unique_ptr<GitBackend> git;
};

CommitId added(Backend& backend, const Tree& tree, std::vector<CommitId> parents,
               const std::string& why) {
    const auto id =
        backend.add(tree, parents, {"tester", Time(std::chrono::seconds(1'700'000'000)), {why}});
    if (!id) FAIL(id.error().text());
    return *id;
}

std::optional<CommitId> head_of(Backend& backend) {
    const auto head = backend.head("b");
    if (!head) FAIL(head.error().text());
    return *head;
}

std::vector<std::string> subjects(const std::vector<Commit>& commits) {
    std::vector<std::string> all;
    for (const Commit& commit : commits)
        all.push_back(commit.info.why.at(0));
    return all;
}

using Subjects = std::vector<std::string>;

}  // namespace

TEST_CASE("a commit is read back with its tree, parents, info and generation") {
    Backends backends;
    for (Backend* backend : backends.all()) {
        Editor editor;
        editor.write("/a/b", "1");
        const CommitId one = added(*backend, editor.tree, {}, "one");
        editor.write("/a/b", "2");
        const CommitId two = added(*backend, editor.tree, {one}, "two");
        const auto commit = backend->commit(two);
        REQUIRE(commit);
        CHECK(commit->id == two);
        CHECK(commit->parents == std::vector{one});
        CHECK(commit->generation == 2);
        CHECK(commit->info.who == "tester");
        CHECK(commit->info.why == std::vector<std::string>{"two"});
        CHECK(model_of(*backend->tree(one)).at("/a/b").value == "1");
        CHECK(model_of(*backend->tree(two)) == model_of(editor.tree));
        CommitId absent;
        absent.bytes.fill(0xee);
        CHECK(backend->commit(absent).error().kind == Error::Kind::not_found);
        CHECK_FALSE(backend->tree(absent));
        CHECK_FALSE(backend->add(editor.tree, std::array{absent}, {}));
    }
}

TEST_CASE("a head moves only from where the caller believes it is") {
    Backends backends;
    for (Backend* backend : backends.all()) {
        const CommitId one = added(*backend, Tree(), {}, "one");
        const CommitId two = added(*backend, Tree(), {one}, "two");
        CHECK(head_of(*backend) == std::nullopt);
        CHECK(backend->test_and_set("b", one, two) == false);
        CHECK(backend->test_and_set("b", std::nullopt, one) == true);
        CHECK(backend->test_and_set("b", std::nullopt, two) == false);
        CHECK(backend->test_and_set("b", two, one) == false);
        CHECK(head_of(*backend) == one);
        CHECK(backend->test_and_set("b", one, two) == true);
        CHECK(backend->heads() == std::vector<std::pair<std::string, CommitId>>{{"b", two}});
        CHECK(backend->test_and_set("b", one, std::nullopt) == false);
        CHECK(backend->test_and_set("b", two, std::nullopt) == true);
        CHECK(head_of(*backend) == std::nullopt);
        for (const char* name : {"", "a/b", "../x", "a b"}) {
            CHECK(backend->test_and_set(name, std::nullopt, one).error().kind ==
                  Error::Kind::refused);
        }
    }
}

TEST_CASE("a head that git has packed away is still where it is") {
    Backends backends;
    Backend& backend = *backends.git;
    const CommitId one = added(backend, Tree(), {}, "one");
    const CommitId two = added(backend, Tree(), {one}, "two");
    REQUIRE(backend.test_and_set("b", std::nullopt, one) == true);
    REQUIRE(git(backends.directory / "s.git", "pack-refs --all").status == 0);
    CHECK(backend.test_and_set("b", two, one) == false);
    CHECK(backend.test_and_set("b", one, two) == true);
    CHECK(head_of(backend) == two);
}

TEST_CASE("history and the log of a path list descendants first") {
    Backends backends;
    for (Backend* backend : backends.all()) {
        Editor editor;
        editor.write("/a", "1");
        const CommitId one = added(*backend, editor.tree, {}, "one");
        editor.write("/b", "1");
        const CommitId left = added(*backend, editor.tree, {one}, "left");
        Editor other(*backend->tree(one));
        other.count = 100;
        other.write("/a", "2");
        const CommitId right = added(*backend, other.tree, {one}, "right");
        const auto merged = merge_commits(*backend, left, right, {}, {"tester", {}, {"merge"}}, 99);
        REQUIRE(merged);
        CHECK(backend->tree(*merged)->find("/a")->value() == "2");
        CHECK(backend->tree(*merged)->find("/b")->value() == "1");
        auto all = subjects(*history(*backend, *merged, 10));
        CHECK(all.front() == "merge");
        CHECK(all.back() == "one");
        CHECK(all.size() == 4);
        CHECK(history(*backend, *merged, 2)->size() == 2);
        CHECK(subjects(*log_of_path(*backend, *merged, "/a", 10)) == Subjects{"right", "one"});
        CHECK(subjects(*log_of_path(*backend, *merged, "/b", 10)) == Subjects{"left"});
        CHECK(log_of_path(*backend, *merged, "/c", 10)->empty());

        Editor conflicting(*backend->tree(one));
        conflicting.write("/a", "3");
        const CommitId third = added(*backend, conflicting.tree, {one}, "third");
        const auto conflict = merge_commits(*backend, *merged, third, {}, {}, 99);
        REQUIRE_FALSE(conflict);
        CHECK(std::get<Conflicts>(conflict.error()).paths.at(0).path == "/a");
        CHECK(merge_commits(*backend, one, left, {}, {}, 99) == left);
        CHECK(merge_commits(*backend, left, one, {}, {}, 99) == left);
    }
}

TEST_CASE("common ancestors of random histories are those that the definition names") {
    Random random(13);
    for (int round = 0; round < 40; ++round) {
        MemoryBackend backend;
        std::vector<CommitId> ids;
        std::vector<std::set<std::size_t>> above;  // with the commit itself
        for (std::size_t i = 0; i < 25; ++i) {
            std::vector<CommitId> parents;
            std::set<std::size_t> mine{i};
            for (std::size_t p = i == 0 ? 0 : below(random, 3); p > 0; --p) {
                const std::size_t parent = i - 1 - below(random, std::min<std::size_t>(i, 6));
                parents.push_back(ids[parent]);
                mine.insert(above[parent].begin(), above[parent].end());
            }
            ids.push_back(added(backend, Tree(), parents, ""));
            above.push_back(std::move(mine));
        }
        for (int pair = 0; pair < 30; ++pair) {
            const std::size_t one = below(random, ids.size());
            const std::size_t two = below(random, ids.size());
            std::set<CommitId> expected;
            for (const std::size_t c : above[one]) {
                if (!above[two].contains(c)) continue;
                const bool best = std::ranges::none_of(above[one], [&](std::size_t other) {
                    return other != c && above[two].contains(other) && above[other].contains(c);
                });
                if (best) expected.insert(ids[c]);
            }
            const auto found = common_ancestors(backend, ids[one], ids[two]);
            REQUIRE(found);
            REQUIRE(std::set<CommitId>(found->begin(), found->end()) == expected);
            REQUIRE(found->size() == expected.size());
        }
    }
}

TEST_CASE("the common ancestor of a head and a fork of it costs the fork, not the history") {
    MemoryBackend backend;
    CommitId head = added(backend, Tree(), {}, "");
    for (int i = 0; i < 2000; ++i)
        head = added(backend, Tree(), {head}, "");
    CommitId fork = head;
    for (int i = 0; i < 3; ++i)
        fork = added(backend, Tree(), {fork}, "");
    std::size_t read = 0;
    CHECK(common_ancestors(backend, fork, head, &read) == std::vector{head});
    CHECK(read <= 4);
    CHECK(common_ancestors(backend, head, head, &read) == std::vector{head});
    CHECK(read == 1);
}

TEST_CASE("a commit that a person made with git has its generation from its parents") {
    Backends backends;
    const auto path = backends.directory / "s.git";
    Editor editor;
    editor.write("/a", "1");
    const CommitId one = added(*backends.git, editor.tree, {}, "one");
    const Ran made = git(path, "-c user.name=x -c user.email=y commit-tree -p " + one.hex() +
                                   " -m 'by hand' " + one.hex() + "^{tree}");
    REQUIRE(made.status == 0);
    const auto by_hand = CommitId::from_hex(made.output.substr(0, 40));
    REQUIRE(by_hand);
    CHECK(backends.git->commit(*by_hand)->generation == 2);
    CHECK(backends.git->commit(*by_hand)->info.who == "x");
    const CommitId next = added(*backends.git, editor.tree, {*by_hand}, "next");
    CHECK(backends.git->commit(next)->generation == 3);
    CHECK(common_ancestors(*backends.git, next, one) == std::vector{one});
}
