#include "toolstack/source_tree.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "temporary_directory.hpp"

namespace stemma::toolstack {

namespace {

// STEMMA_SOURCE for the time of a test.
struct SourceVariable {
    explicit SourceVariable(const std::string& value) {
        ::setenv("STEMMA_SOURCE", value.c_str(), 1);
    }
    ~SourceVariable() { ::unsetenv("STEMMA_SOURCE"); }
};

}  // namespace

TEST_CASE("STEMMA_SOURCE names the tree, which is built in its build/release") {
    const TemporaryDirectory directory;
    std::filesystem::create_directories(directory / "guests/xen");
    std::ofstream(directory / "guests/xen/image.ld");
    std::ofstream(directory / "CMakePresets.json");
    const SourceVariable variable(directory.path());
    CHECK(find_source_tree() == SourceTree{directory.path(), directory / "build/release"});
}

TEST_CASE("STEMMA_SOURCE that names something else is an error, not a reason to look elsewhere") {
    const TemporaryDirectory directory;
    const SourceVariable variable(directory.path());
    const auto tree = find_source_tree();
    REQUIRE_FALSE(tree);
    CHECK(tree.error().kind == ErrorKind::not_found);
    CHECK_THAT(tree.error().cause, Catch::Contains(directory.path()));
}

TEST_CASE("without it the tree is the one that this program was built in") {
    ::unsetenv("STEMMA_SOURCE");
    const auto tree = find_source_tree();
    REQUIRE(tree);
    CHECK(std::filesystem::exists(tree->source + "/tests/unit/toolstack/source_tree_test.cpp"));
    CHECK(std::filesystem::exists(tree->build + "/CMakeCache.txt"));
}

}  // namespace stemma::toolstack
