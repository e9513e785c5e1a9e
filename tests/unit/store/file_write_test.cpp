#include "file_write.hpp"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "temporary_directory.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

TEST_CASE("a file is written whole or not at all") {
    const TemporaryDirectory directory;
    const auto file = directory / "f";
    const std::string bytes(100'000, 'x');
    REQUIRE(write_synced(file, bytes));
    CHECK(read_file(file) == bytes);
    REQUIRE(write_synced(file, std::string_view("\0new", 4)));
    CHECK(read_file(file) == std::string("\0new", 4));

    // As on a full disk: writing stops in the middle.
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit small = before;
    small.rlim_cur = 4096;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto failed = write_synced(directory / "g", bytes);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, handler);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().kind == Error::Kind::disk);
    CHECK(failed.error().text() == "write " + (directory / "g").string() + ": File too large");
    CHECK_FALSE(std::filesystem::exists(directory / "g"));
}

TEST_CASE("what cannot be done to a file says what, on what and why") {
    const TemporaryDirectory directory;
    const auto missing = directory / "absent";
    CHECK(read_file(missing).error().kind == Error::Kind::not_found);
    CHECK(write_synced(missing / "f", "").error().text() ==
          "create " + (missing / "f").string() + ": No such file or directory");
    CHECK_FALSE(rename_file(missing, directory / "x"));
    CHECK_FALSE(sync_directory(missing));
    CHECK(sync_directory(directory.path()));
    CHECK(files_in(missing).empty());
    REQUIRE(write_synced(directory / "b", ""));
    REQUIRE(rename_file(directory / "b", directory / "a"));
    CHECK(files_in(directory.path()) == std::vector{directory / "a"});
}
