#include "xenstored/rights.hpp"

#include <catch2/catch.hpp>

using namespace stemma;
using namespace stemma::xenstored;
using store::Access;

TEST_CASE("who may do what") {
    const store::Permissions node{{Access::none, 5, 1},
                                  {Access::read, 6, 2},
                                  {Access::both, 7, 3},
                                  {Access::write, 6, 2},
                                  {Access::read, 8, 0}};
    const store::Permissions open{{Access::read, 0, 0}, {Access::none, 6, 2}};
    const auto guest = [](xs::DomainId id, std::uint64_t generation) {
        Caller caller;
        caller.domain = {id, generation};
        return caller;
    };
    Caller privileged;
    privileged.privileged = true;
    Caller device_model = guest(9, 9);
    device_model.target = DomainRef{5, 1};
    const struct {
        const char* what;
        Caller caller;
        const store::Permissions* permissions;
        bool reads, writes, owns;
    } cases[] = {
        {"privileged", privileged, &node, true, true, true},
        {"owner", guest(5, 1), &node, true, true, true},
        {"a later domain of the owner's id", guest(5, 2), &node, false, false, false},
        {"first entry decides", guest(6, 2), &node, true, false, false},
        {"a later domain of a named id", guest(6, 3), &node, false, false, false},
        {"both", guest(7, 3), &node, true, true, false},
        {"an entry that fits nobody", guest(8, 4), &node, false, false, false},
        {"unnamed, closed", guest(10, 5), &node, false, false, false},
        {"unnamed, readable", guest(10, 5), &open, true, false, false},
        {"named, but closed", guest(6, 2), &open, false, false, false},
        {"target is the owner", device_model, &node, true, true, true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.what);
        const Rights rights = rights_of(c.caller, *c.permissions);
        CHECK(rights.covers(Right::read) == c.reads);
        CHECK(rights.covers(Right::write) == c.writes);
        CHECK(rights.covers(Right::own) == c.owns);
    }
}
