#include "toolstack/file_fault.hpp"

#include <catch2/catch.hpp>

namespace stemma::toolstack {

TEST_CASE("a fault says file, line, key and cause, as far as there are any") {
    CHECK(to_string(FileFault{"a.cfg", 3, "memory", "too much"}) == "a.cfg:3: memory: too much");
    CHECK(to_string(FileFault{"a.cfg", 0, "name", "missing"}) == "a.cfg: name: missing");
    CHECK(to_string(FileFault{"a.cfg", 9, "", "no syntax"}) == "a.cfg:9: no syntax");
}

TEST_CASE("faults are told by line, and twenty of them at most") {
    std::vector<FileFault> faults;
    for (unsigned line = 30; line > 0; --line)
        faults.push_back({"f", line, "k", "c"});
    faults = told(std::move(faults));
    REQUIRE(faults.size() == faults_max + 1);
    CHECK(faults.front().line == 1);
    CHECK(faults[faults_max - 1].line == 20);
    CHECK(to_string(faults.back()) == "f: and 10 more");
}

TEST_CASE("a file's failure is one of its configuration, with a line for each fault") {
    const auto failed = file_failure("the guest's file", "a.cfg", {{"a.cfg", 1, "x", "bad"}}, "");
    CHECK(failed.error().kind == ErrorKind::configuration);
    CHECK(to_string(failed.error()) == "cannot use the guest's file a.cfg: \n  a.cfg:1: x: bad");
}

}  // namespace stemma::toolstack
