#include "commit_text.hpp"

#include <catch2/catch.hpp>

using namespace stemma::store;

TEST_CASE("a commit names tree, parents, author and generation, and its lines as a message") {
    CommitId parent;
    parent.bytes.fill(0x22);
    ObjectId tree;
    tree.fill(0x11);
    const Info info{"domain 5 (nat0)",
                    Time(std::chrono::milliseconds(1'700'000'000'999)),
                    {"vif/0: state 3 -> 4", "line\ntwo", ""}};
    CHECK(commit_text(tree, std::array{parent}, info, 7) ==
          "tree 1111111111111111111111111111111111111111\n"
          "parent 2222222222222222222222222222222222222222\n"
          "author domain 5 (nat0) <stemma> 1700000000 +0000\n"
          "committer domain 5 (nat0) <stemma> 1700000000 +0000\n"
          "stemma-generation 7\n\n"
          "vif/0: state 3 -> 4\n\nline\\x0atwo\n\n");
}

TEST_CASE("a commit by nobody, for no reason, before all time, is a commit still") {
    for (const char* who : {"", "  ", "..."}) {
        const std::string text = commit_text({}, {}, {who, Time(std::chrono::hours(-1)), {}}, 1);
        CHECK(text.find("\nauthor unknown <stemma> 0 +0000\n") != std::string::npos);
        CHECK(text.ends_with("\n\nchange\n"));
    }
    CHECK(commit_text({}, {}, {"<a>", {}, {}}, 1).find("author (a) <stemma>") != std::string::npos);
}
