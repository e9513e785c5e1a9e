#include "toolstack/image_path.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "temporary_directory.hpp"

namespace stemma::toolstack {

TEST_CASE(
    "STEMMA_GUESTS says where images are, without it they are beside the program's directory") {
    ::setenv("STEMMA_GUESTS", "/some/where", 1);
    CHECK(guest_directory() == "/some/where");
    ::unsetenv("STEMMA_GUESTS");
    CHECK_THAT(guest_directory(), Catch::EndsWith("/guests"));
}

TEST_CASE("an image that is not there is an error that says how to come by it") {
    const TemporaryDirectory directory;
    const std::string file = directory / "nat.elf";
    const auto missing = check_image_file("nat", file);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == ErrorKind::not_found);
    CHECK_THAT(missing.error().cause, Catch::Contains(file + ": No such file"));
    CHECK_THAT(missing.error().next, Catch::Contains("stemma build nat"));
    std::ofstream stream(file);
    CHECK(check_image_file("nat", file));
}

}  // namespace stemma::toolstack
