#include "disk.hpp"

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "file_read.hpp"
#include "temporary_directory.hpp"

using namespace stemma::store;
using namespace stemma::store::test;

TEST_CASE("a file is written whole or not at all") {
    const TemporaryDirectory directory;
    const auto file = directory / "f";
    const std::string bytes(100'000, 'x');
    REQUIRE(real_disk().write_synced(file, bytes));
    CHECK(read_file(file) == bytes);
    REQUIRE(real_disk().write_synced(file, std::string_view("\0new", 4)));
    CHECK(read_file(file) == std::string("\0new", 4));

    // As on a full disk: writing stops in the middle.
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit small = before;
    small.rlim_cur = 4096;
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto failed = real_disk().write_synced(directory / "g", bytes);
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
    CHECK(real_disk().write_synced(missing / "f", "").error().text() ==
          "create " + (missing / "f").string() + ": No such file or directory");
    CHECK_FALSE(real_disk().rename(missing, directory / "x"));
    CHECK_FALSE(real_disk().sync_directory(missing));
    CHECK(real_disk().sync_directory(directory.path()));
    CHECK(files_in(missing).empty());
    CHECK(real_disk().make_empty(missing / "f").error().kind == Error::Kind::not_found);
    REQUIRE(real_disk().write_synced(directory / "a", "1"));
    REQUIRE(real_disk().link(directory / "a", directory / "b") == true);
    CHECK(real_disk().link(directory / "a", directory / "b") == false);
    CHECK(real_disk().link(directory / "a", missing / "b").error().kind == Error::Kind::not_found);
    CHECK(read_file(directory / "b") == "1");
    real_disk().remove(directory / "a");
    real_disk().remove(directory / "b");
    CHECK(files_in(directory.path()).empty());
    REQUIRE(real_disk().write_synced(directory / "b", ""));
    REQUIRE(real_disk().rename(directory / "b", directory / "a"));
    CHECK(files_in(directory.path()) == std::vector{directory / "a"});
}
