#include "xenstored/change_text.hpp"

#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

TEST_CASE("a change is told in the words of an operator") {
    Lab lab;
    auto tool = lab.socket();
    const auto text = [&](auto change, std::string_view path, xs::DomainId domain) {
        const store::Tree before = lab.server.tree().head();
        change();
        return change_text(before, lab.server.tree().head(), path, domain);
    };
    tool.write("/local/domain/5/name", "nat0");
    const std::string state = "/local/domain/5/device/vif/0/state";
    CHECK(text([&] { tool.write(state, "3"); }, state, 5) == "device/vif/0: new state 3");
    CHECK(text([&] { tool.write(state, "4"); }, state, 5) == "device/vif/0: state 3 -> 4");
    CHECK(text([&] { tool.write(state, "5"); }, state, 0) ==
          "/local/domain/5/device/vif/0: state 4 -> 5");
    CHECK(text([&] { tool.write(state, "5"); }, state, 5) == "device/vif/0: state 5, unchanged");
    CHECK(text([&] { tool.set_perms(state, "r0"); }, state, 5) ==
          "device/vif/0: state permissions n0 -> r0");
    CHECK(text([&] { tool.write(state, ""); }, state, 5) == "device/vif/0: state 5 -> \"\"");
    CHECK(text([&] { tool.rm(state); }, state, 5) == "device/vif/0: removed state");
    CHECK(text([&] { tool.mkdir("/top"); }, "/top", 0) == "/: new top");
    CHECK(text([&] { tool.write("/top", std::string(500, 'x')); }, "/top", 0).size() < 80);
    CHECK(domain_text(lab.server.tree().head(), 5) == "domain 5 (nat0)");
    CHECK(domain_text(lab.server.tree().head(), 6) == "domain 6");
}

TEST_CASE("a commit of many changes names the first and counts the rest") {
    Lab lab;
    auto tool = lab.socket();
    const store::Tree before = lab.server.tree().head();
    std::vector<std::string> paths;
    for (int i = 0; i < 100; ++i) {
        paths.push_back("/d/" + std::to_string(i));
        tool.write(paths.back(), "1");
    }
    const std::vector<std::string_view> views(paths.begin(), paths.end());
    const store::Info info =
        change_info({before, lab.server.tree().head(), {}, {}, {}, false, views});
    CHECK(info.who == "domain 0");
    CHECK(info.why.front() == "/d: new 0 1 (and 99 more)");
    CHECK(info.why.size() < 30);
    CHECK(info.why.back() == "and 76 more");
}
