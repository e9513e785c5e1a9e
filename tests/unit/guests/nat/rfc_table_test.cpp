// docs/nat-rfc.md names a test for each requirement: each of them is there.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <string>

TEST_CASE("The tests that docs/nat-rfc.md names exist") {
    std::set<std::string> tests;
    for (const auto& test : Catch::getAllTestCasesSorted(*Catch::getCurrentContext().getConfig()))
        tests.insert(test.name);
    REQUIRE(tests.size() > 100);
    std::ifstream table(STEMMA_NAT_RFC_TABLE);
    REQUIRE(table.is_open());
    std::size_t named = 0;
    for (std::string line; std::getline(table, line);) {
        // the last column of a table's row
        if (!line.starts_with("| ")) continue;
        const auto cell = line.rfind(" | ", line.size() - 3);
        if (cell == std::string::npos) continue;
        for (auto at = line.find('`', cell); at != std::string::npos; at = line.find('`', at + 1)) {
            const auto end = line.find('`', at + 1);
            REQUIRE(end != std::string::npos);
            const auto name = line.substr(at + 1, end - at - 1);
            CAPTURE(name);
            CHECK(tests.contains(name));
            ++named;
            at = end;
        }
    }
    CHECK(named > 40);
}
