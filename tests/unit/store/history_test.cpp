#include "store/history.hpp"

#include <poll.h>

#include <catch2/catch.hpp>

#include "store/publisher.hpp"
#include "temporary_directory.hpp"
#include "tree_maker.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

namespace {

Info about(std::int64_t second, std::string why) {
    return {"domain 0", Time(std::chrono::seconds(1'700'000'000 + second)), {std::move(why)}};
}

struct Published {
    Published() {
        auto opened = Publisher::open({directory / "s.git", std::chrono::milliseconds(1)});
        if (!opened) FAIL(opened.error().text());
        publisher = std::move(*opened);
    }
    CommitId wait(RequestId id) {
        while (true) {
            for (Completion& done : publisher->take_completions()) {
                if (done.id != id) continue;
                if (!done.result) FAIL(done.result.error().text());
                return *done.result;
            }
            pollfd event{publisher->completion_fd(), POLLIN, 0};
            REQUIRE(::poll(&event, 1, 60'000) == 1);
        }
    }
    CommitId commit(std::string why) {
        publisher->submit(
            {editor.tree, 0, about(++second, std::move(why)), Submission::Kind::transaction, ""});
        return wait(publisher->publish_all());
    }
    History history() const {
        auto opened = History::open(directory / "s.git");
        if (!opened) FAIL(opened.error().text());
        return std::move(*opened);
    }

    TemporaryDirectory directory;
    std::unique_ptr<Publisher> publisher;
    Editor editor;
    std::int64_t second = 0;
};

std::vector<std::string> subjects(const std::vector<Commit>& commits) {
    std::vector<std::string> all;
    for (const Commit& commit : commits)
        all.push_back(commit.info.why.at(0));
    return all;
}

using Subjects = std::vector<std::string>;

}  // namespace

TEST_CASE("the log of a path has the commits that changed it, newest first, as soon as published") {
    Published published;
    Editor& editor = published.editor;
    editor.write("/stemma/bridges/xenbr0", "");
    published.commit("one");
    auto history = published.history();
    editor.write("/stemma/guests/nat/image", "nat");
    published.commit("two");
    editor.write("/local/x", "1");
    const CommitId last = published.commit("three");
    editor.write("/stemma/guests/nat/image", "nat2");
    editor.permit("/stemma/guests", Permissions{{Access::read, 0, 0}});
    published.commit("four");

    CHECK(subjects(*history.log("main", "/", 10)) == Subjects{"four", "three", "two", "one"});
    CHECK(subjects(*history.log("main", "/", 2)) == Subjects{"four", "three"});
    CHECK(subjects(*history.log("main", "/local", 10)) == Subjects{"three"});
    CHECK(subjects(*history.log("config", "/stemma/guests/nat", 10)) == Subjects{"four", "two"});
    CHECK(subjects(*history.log("config", "/", 10)) == Subjects{"four", "two", "one"});
    CHECK(subjects(*history.log(last.hex().substr(0, 10), "/stemma", 10)) ==
          Subjects{"two", "one"});
    CHECK(history.log("main", "/absent", 10)->empty());
    const auto commit = history.log("main", "/local", 1)->front();
    CHECK(commit.id == last);
    CHECK(commit.info.who == "domain 0");
    CHECK(commit.info.when == about(3, "").when);
    CHECK(commit.generation == 3);
}

TEST_CASE("a diff of two revisions has both values, below the path that was asked for") {
    Published published;
    Editor& editor = published.editor;
    editor.write("/stemma/a", "1");
    editor.write("/stemma/b/c", "1");
    editor.write("/local/x", "1");
    published.commit("one");
    published.wait(published.publisher->snapshot("before", editor.tree, about(50, "by hand")));
    editor.write("/stemma/a", std::string("2\0", 2));
    editor.remove("/stemma/b");
    editor.write("/stemma/" + std::string(250, 'n') + "/d", "new");
    editor.permit("/local/x", Permissions{{Access::none, 4, 0}});
    published.commit("two");

    auto history = published.history();
    const auto changes = history.diff("before", "main");
    REQUIRE(changes);
    std::vector<std::string> paths;
    for (const PathChange& change : *changes) {
        paths.push_back("+-~"[static_cast<std::size_t>(change.kind)] + change.path);
    }
    const std::string added = "/stemma/" + std::string(250, 'n');
    CHECK(paths == std::vector<std::string>{"~/local/x", "~/stemma/a", "-/stemma/b", "-/stemma/b/c",
                                            "+" + added, "+" + added + "/d"});
    CHECK(changes->at(0).old_permissions.text() == "n0");
    CHECK(changes->at(0).new_permissions.text() == "n4");
    CHECK(changes->at(1).old_value == "1");
    CHECK(changes->at(1).new_value == std::string("2\0", 2));
    CHECK_FALSE(changes->at(2).new_value);
    CHECK_FALSE(changes->at(5).old_value);
    CHECK(history.diff("before", "main", "/stemma/b/c")->size() == 1);
    CHECK(history.diff("before", "main", "/absent")->empty());
    CHECK(history.diff("main", "main")->empty());
    CHECK(history.diff("main", "refs/snapshots/before")->size() == 6);
}

TEST_CASE("a diff of stored trees is the diff of the trees") {
    Published published;
    Random random(12);
    auto history = published.history();
    for (int round = 0; round < 6; ++round) {
        const Tree before = round % 2 == 0 ? random_tree(random, 50) : published.editor.tree;
        published.editor = Editor(before);
        const CommitId one = published.commit("before");
        for (int i = 0; i < 10; ++i)
            random_edit(random, published.editor, 12);
        const CommitId two = published.commit("after");
        std::vector<std::string> expected;
        diff(before, published.editor.tree, [&](const Change& change) {
            // In git the domains' generations are not kept; random trees have none.
            expected.emplace_back(change.path);
        });
        std::ranges::sort(expected);
        std::vector<std::string> found;
        const auto changes = history.diff(one.hex(), two.hex());
        for (const PathChange& change : *changes)
            found.push_back(change.path);
        REQUIRE(found == expected);
    }
}

TEST_CASE("snapshots and guests are listed with their commits, and subtrees read") {
    Published published;
    Editor& editor = published.editor;
    editor.write("/local/domain/3/data/net/nat/udp/1", "x 9");
    published.commit("one");
    const CommitId b =
        published.wait(published.publisher->snapshot("b", editor.tree, about(50, "snapshot b")));
    published.wait(published.publisher->snapshot("a", editor.tree, about(51, "snapshot a")));
    const auto net = Ref<const Node>::share(editor.tree.find("/local/domain/3/data/net"));
    published.wait(published.publisher->save_guest("nat", net, about(52, "saved")));

    auto history = published.history();
    const auto snapshots = history.snapshots();
    REQUIRE(snapshots->size() == 2);
    CHECK(snapshots->at(0).name == "a");
    CHECK(snapshots->at(1).name == "b");
    CHECK(snapshots->at(1).commit.id == b);
    CHECK(snapshots->at(1).commit.info.when == about(50, "").when);
    CHECK(history.guests()->at(0).name == "nat");
    CHECK(model_of(*history.read("refs/guests/nat")).at("/nat/udp/1").value == "x 9");
    CHECK(model_of(*history.read("b", "/local/domain/3/data/net")).at("/nat/udp/1").value == "x 9");
    CHECK(model_of(*history.read("b")) == model_of(editor.tree));
    CHECK(history.read("b", "/absent").error().kind == Error::Kind::not_found);
}

TEST_CASE("a revision that is nothing, and a repository that is none, are errors") {
    Published published;
    published.editor.write("/a", "");
    const CommitId id = published.commit("one");
    auto history = published.history();
    CHECK(history.resolve("main") == id);
    CHECK(history.resolve(id.hex()) == id);
    CHECK(history.resolve(id.hex().substr(0, 4)) == id);
    CHECK(history.resolve("refs/heads/main") == id);
    for (const char* none : {"", "absent", "refs/heads/absent", "refs/../x", "abc", "0000",
                             "0000000000000000000000000000000000000000", "a b", "main~1"}) {
        CAPTURE(none);
        CHECK_FALSE(history.resolve(none));
    }
    const auto missing = History::open(published.directory / "absent");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == Error::Kind::not_found);
}

TEST_CASE("history is read on while packs are joined under it") {
    Published published;
    published.publisher.reset();
    auto opened =
        Publisher::open({published.directory / "s.git", std::chrono::milliseconds(1), 64, 4});
    REQUIRE(opened);
    published.publisher = std::move(*opened);
    published.editor.write("/a", "0");
    published.commit("0");
    auto history = published.history();
    for (int i = 1; i < 20; ++i) {
        published.editor.write("/a", std::to_string(i));
        published.commit(std::to_string(i));
        REQUIRE(history.read("main", "/a")->root().value() == std::to_string(i));
        REQUIRE(history.log("main", "/a", 100)->size() == static_cast<std::size_t>(i) + 1);
    }
    CHECK(published.publisher->stats().consolidations > 2);
}

TEST_CASE("log goes on into earlier epochs, and any instant of them can be named") {
    const TemporaryDirectory directory;
    Editor editor;
    {
        const auto publisher = *Publisher::open(
            {.repository = directory / "store.git", .interval = std::chrono::milliseconds(1)});
        for (const int hour : {0, 1, 13, 14, 27}) {
            editor.write("/local/hour", std::to_string(hour));
            if (hour == 1) editor.write("/local/other", "1");
            publisher->submit({editor.tree,
                               0,
                               {"domain 0",
                                Time(std::chrono::seconds(1'700'000'000 + hour * 3600)),
                                {std::to_string(hour)}},
                               Submission::Kind::transaction,
                               ""});
        }
    }
    auto history = History::open(directory / "store.git");
    REQUIRE(history);
    const auto subjects = [&](const char* path, std::size_t limit) {
        std::string all;
        const auto log = history->log("main", path, limit);
        REQUIRE(log);
        for (const Commit& commit : *log)
            all += commit.info.why[0] + " ";
        return all;
    };
    CHECK(subjects("/local/hour", 10) == "27 14 13 1 0 ");
    CHECK(subjects("/local/hour", 2) == "27 14 ");
    CHECK(subjects("/local/other", 10) == "1 ");  // not where an epoch begins with it
    // 1700000000 is 2023-11-14T22:13:20.
    CHECK(history->read("@2023-11-14T23:13:20", "/local/hour")->root().value() == "1");
    CHECK(history->read("@2023-11-15T11:13:19", "/local/hour")->root().value() == "1");
    CHECK(history->read("@2023-11-15T11:13:20", "/local/hour")->root().value() == "13");
    CHECK(history->read("@2030-01-01T00:00:00", "/local/hour")->root().value() == "27");
    const auto changes = history->diff("@2023-11-14T22:13:20", "@2023-11-15T12:30:00", "/local");
    REQUIRE(changes);
    CHECK(changes->size() == 2);
    CHECK(history->resolve("@2023-11-14T22:13:19").error().kind == Error::Kind::not_found);
    CHECK(history->resolve("@yesterday").error().kind == Error::Kind::refused);
}
