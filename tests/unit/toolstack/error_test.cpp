#include "toolstack/error.hpp"

#include <catch2/catch.hpp>

#include <cerrno>

namespace stemma::toolstack {

TEST_CASE("an error says what was tried, on what and why, then the state and what to do") {
    Error error{.tried = "attach", .on = "vif1.0", .cause = "no such bridge"};
    CHECK(to_string(error) == "cannot attach vif1.0: no such bridge");
    error.state = "frontend 4";
    error.next = "make it";
    CHECK(to_string(error) ==
          "cannot attach vif1.0: no such bridge\n  state: frontend 4\n  next: make it");
    CHECK(to_string(Error{.tried = "stop"}) == "cannot stop");
}

TEST_CASE("a system failure takes errno and the negated errno of netlink alike") {
    CHECK(system_failure("open", "x", ENOENT).error().cause == "No such file or directory");
    CHECK(system_failure("open", "x", -ENOENT).error() ==
          system_failure("open", "x", ENOENT).error());
}

TEST_CASE("each kind of error has its own documented exit status and name") {
    CHECK(static_cast<int>(ErrorKind::failed) == 1);
    CHECK(static_cast<int>(ErrorKind::partial) == 7);
    CHECK(name(ErrorKind::not_found) == "not-found");
    CHECK(name(ErrorKind::unavailable) == "unavailable");
}

}  // namespace stemma::toolstack
