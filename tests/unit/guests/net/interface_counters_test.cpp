#include "net/interface_counters.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "xs_wire/path.hpp"

using stemma::net::InterfaceCounters;

TEST_CASE("every counter is told once, under a name that is legal in a path") {
    InterfaceCounters counters;
    std::set<std::string> names;
    std::set<const std::uint64_t*> places;
    counters.for_each([&](std::string_view name, const std::uint64_t& value) {
        names.emplace(name);
        places.insert(&value);
        CHECK(stemma::xs::is_relative_path(name));
    });
    CHECK(names.size() == places.size());
    CHECK(places.size() * sizeof(std::uint64_t) == sizeof counters);
}
