#include "toolstack/uuid.hpp"

#include <catch2/catch.hpp>

namespace stemma::toolstack {

TEST_CASE("a UUID is read back from its text, and from no other") {
    const Uuid uuid = random_uuid();
    CHECK(parse_uuid(to_string(uuid)) == uuid);
    CHECK(to_string(*parse_uuid("D301A39E-8015-4a0e-96ba-dbccd786d4df")) ==
          "d301a39e-8015-4a0e-96ba-dbccd786d4df");
    for (const char* text :
         {"", "d301a39e-8015-4a0e-96ba-dbccd786d4d", "d301a39e-8015-4a0e-96ba-dbccd786d4df0",
          "d301a39e08015-4a0e-96ba-dbccd786d4df", "g301a39e-8015-4a0e-96ba-dbccd786d4df",
          "d301a39e-8015-4a0e-96ba-dbccd786d4-f"}) {
        INFO(text);
        CHECK(!parse_uuid(text));
    }
}

TEST_CASE("a random UUID says that it is one") {
    const std::string text = to_string(random_uuid());
    CHECK(text[14] == '4');
    CHECK(std::string("89ab").find(text[19]) != std::string::npos);
}

}  // namespace stemma::toolstack
