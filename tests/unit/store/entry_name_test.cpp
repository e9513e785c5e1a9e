#include "entry_name.hpp"

#include <catch2/catch.hpp>

using namespace stemma::store;

TEST_CASE("XenStore names are stored as they are, others under a hash that no name can be") {
    for (const char* name : {"0", "vif", "@releaseDomain", "-x", "a_b", ".special"}) {
        CHECK(entry_name(name) == name);
    }
    CHECK(entry_name(std::string(200, 'a')) == std::string(200, 'a'));
    CHECK(entry_name(std::string(201, 'a')).size() == 46);
    for (const char* name : {"", ".git", ".value", ".node", "..", "a.b", ".name-x", "a b"}) {
        CAPTURE(name);
        CHECK(entry_name(name).starts_with(".name-"));
        CHECK(entry_name(name) != name);
    }
}
