#include <algorithm>
#include <iterator>

#include "hostile_test.hpp"

using namespace stemma::xenstored::test;

namespace {

struct Class {
    const char* name;
    const char* what;
};

constexpr Class classes[] = {
    {"A1", "hostile ring indexes, double fetch"},
    {"A2", "message length abuse"},
    {"A3", "oversized reply or event"},
    {"A4", "assertions that guest input reaches"},
    {"A5", "object lifetimes"},
    {"A6", "unbounded recursion"},
    {"B1", "unread replies and events"},
    {"B2", "many nodes in many transactions"},
    {"B3", "total memory of a domain"},
    {"B4", "temporaries that live as long as a reply"},
    {"B5", "watch bookkeeping"},
    {"B6", "unsafe defaults"},
    {"C1", "quota bypass by order, failure, deletion"},
    {"C2", "quota bypass by ownership"},
    {"C3", "quota residue on a domid's reuse"},
    {"D1", "events that leak names"},
    {"D2", "privileged operations open to guests"},
    {"D3", "the root node unchecked"},
    {"D4", "stale grants for recycled domids"},
    {"D5", "normal form of paths"},
    {"E1", "starvation of others' transactions"},
    {"E2", "zombies"},
    {"E3", "confusion of transaction ids"},
    {"F1", "permissions not judged again at commit"},
    {"F2", "write skew"},
    {"F3", "resurrection by a late write"},
    {"F4", "history that a guest makes grow"},
    {"F5", "history that keeps a dead domain's secrets"},
    {"F6", "names that reach the file system"},
    {"F7", "amplification of writes"},
    {"F8", "commit messages that a guest writes"},
    {"F9", "permissions of an earlier domain of the id"},
};

}  // namespace

TEST_CASE("every class of hostile behaviour has a test that bears its name") {
    std::set<std::string> wanted;
    for (const Class& one : classes) {
        CAPTURE(one.name, one.what);
        CHECK(tested_classes().contains(one.name));
        wanted.insert(one.name);
    }
    CHECK(wanted == tested_classes());
}
