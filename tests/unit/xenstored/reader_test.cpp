#include "xenstored/reader.hpp"

#include <poll.h>

#include <catch2/catch.hpp>

#include "store/publisher.hpp"
#include "temporary_directory.hpp"
#include "xenstored/live_tree.hpp"

using namespace stemma;
using namespace stemma::xenstored;

namespace {

void wait_readable(int fd) {
    pollfd one{fd, POLLIN, 0};
    REQUIRE(::poll(&one, 1, 60'000) == 1);
}

Reader::Result next_result(Reader& reader) {
    wait_readable(reader.completion_fd());
    auto results = reader.take_results();
    REQUIRE(results.size() == 1);
    return std::move(results.front());
}

}  // namespace

TEST_CASE("a published subtree is read without waiting for it") {
    test::TemporaryDirectory directory;
    const std::string path = directory.file("store.git");
    auto publisher = store::Publisher::open({.repository = path});
    REQUIRE(publisher);
    LiveTree tree({});
    Branch branch = tree.branch({});
    branch.create("/stemma", {{}, {{store::Access::none, 0, 0}}});
    branch.create("/stemma/a", {store::Bytes("1"), {{store::Access::none, 0, 0}}});
    (*publisher)->snapshot("one", branch.tree(), {});
    wait_readable((*publisher)->completion_fd());
    REQUIRE((*publisher)->take_completions().front().result);

    Reader reader(path);
    REQUIRE(reader.read({"refs/snapshots/one"}, "/stemma"));
    auto result = next_result(reader);
    REQUIRE((result.tree && *result.tree));
    CHECK((*result.tree)->find("/a")->value() == "1");

    REQUIRE(reader.read({"refs/snapshots/none", "one"}, "/stemma/none"));
    result = next_result(reader);
    REQUIRE(result.tree);
    CHECK_FALSE(*result.tree);

    REQUIRE(reader.read({"refs/snapshots/none", "nothing"}, "/stemma"));
    result = next_result(reader);
    REQUIRE_FALSE(result.tree);
    CHECK(result.tree.error().kind == store::Error::Kind::not_found);
}

TEST_CASE("a repository that is not there is an error, not an end") {
    Reader reader("/nonexistent/store.git");
    REQUIRE(reader.read({"one"}, "/"));
    CHECK_FALSE(next_result(reader).tree);
}
