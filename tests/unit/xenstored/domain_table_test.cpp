#include "xenstored/domain_table.hpp"

#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma::xenstored;

TEST_CASE("a domain enters when it is named while it exists") {
    test::FakeHypervisor hypervisor;
    DomainTable table(hypervisor);
    CHECK(table.find(0) != nullptr);
    CHECK(table.find_introduced(0) != nullptr);
    CHECK(table.find_or_enter(5) == nullptr);
    hypervisor.pages[5] = std::make_shared<test::Page>();
    CHECK(table.find(5) == nullptr);
    REQUIRE(table.find_or_enter(5) != nullptr);
    CHECK(table.find(5) == table.find_or_enter(5));
    CHECK(table.find_introduced(5) == nullptr);
}

TEST_CASE("the next domain of an id is another one") {
    test::FakeHypervisor hypervisor;
    hypervisor.pages[5] = std::make_shared<test::Page>();
    DomainTable table(hypervisor);
    const DomainRef first = table.find_or_enter(5)->ref;
    CHECK(first.generation != 0);
    CHECK(table.is_live(first));
    table.erase(5);
    CHECK(table.deaths() == 1);
    CHECK_FALSE(table.is_live(first));
    const DomainRef second = table.find_or_enter(5)->ref;
    CHECK_FALSE(second == first);
    CHECK(table.is_live(second));
}

TEST_CASE("numbers that no domain can have are nobody") {
    test::FakeHypervisor hypervisor;
    DomainTable table(hypervisor);
    for (const long domid : {-1L, 0x7ff0L, 0x10000L, 1L << 40}) {
        CHECK(table.find_or_enter(domid) == nullptr);
        CHECK(table.find(domid) == nullptr);
    }
    table.erase(0);
    CHECK(table.find(0) != nullptr);
}
