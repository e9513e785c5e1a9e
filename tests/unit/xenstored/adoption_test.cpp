#include "xenstored/adoption.hpp"

#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using store::Access;
using Paths = std::vector<std::string>;

TEST_CASE("a guest's entries are dropped, and what a guest owned is not adopted") {
    store::Permissions adopted;
    CHECK(adopt_permissions({{Access::read, 0, 0}, {Access::both, 5, 0}, {Access::write, 0, 3}},
                            adopted));
    CHECK(adopted == store::Permissions{{Access::read, 0, 0}, {Access::write, 0, 0}});
    CHECK_FALSE(adopt_permissions({{Access::none, 5, 0}}, adopted));
}

TEST_CASE("a revert makes the subtree what it was") {
    Lab lab;
    auto tool = lab.socket();
    tool.write("/stemma/kept", "1");
    tool.write("/stemma/changed", "old");
    tool.write("/stemma/gone/deep", "1");
    tool.set_perms("/stemma/kept", "r0");
    const store::Tree earlier = lab.server.tree().head();
    tool.write("/stemma/changed", "new");
    tool.rm("/stemma/gone");
    tool.write("/stemma/added/deep", "1");
    tool.set_perms("/stemma/kept", "n0");
    tool.write("/other", "stays");

    Branch branch = lab.server.tree().branch({});
    const Paths changed = revert_subtree(branch, "/stemma", earlier.find("/stemma"));
    CHECK(changed == Paths{"/stemma/added", "/stemma/kept", "/stemma/changed", "/stemma/gone",
                           "/stemma/gone/deep"});
    lab.server.publish_as_domain0(branch, changed, {});
    CHECK(tool.read("/stemma/changed") == "old");
    CHECK(tool.read("/stemma/gone/deep") == "1");
    CHECK(tool.read("/stemma/added") == "!ENOENT");
    CHECK(tool.perms("/stemma/kept") == "r0|");
    CHECK(tool.read("/other") == "stays");
    CHECK(lab.consistent());

    Branch again = lab.server.tree().branch({});
    CHECK(revert_subtree(again, "/stemma", earlier.find("/stemma")).empty());
    CHECK(revert_subtree(again, "/stemma", nullptr) == Paths{"/stemma"});
    CHECK(revert_subtree(again, "/stemma", nullptr).empty());
    CHECK(revert_subtree(again, "/stemma/kept", earlier.find("/stemma/kept")) ==
          Paths{"/stemma/kept"});  // and its parent, made on the way
}

TEST_CASE("network state is merged by expiry: the later wins, the expired stays away") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    const std::string net = "/local/domain/5/data/net";
    tool.mkdir(net);
    tool.set_perms(net, "n5");
    const auto at = [&](const char* rest) { return net + rest; };
    tool.write(at("/arp/0/same"), "aa 200");
    tool.write(at("/arp/0/refreshed"), "aa 300");
    tool.write(at("/arp/0/older"), "aa 150");
    tool.write(at("/arp/0/expired"), "aa 90");
    tool.write(at("/arp/0/missing"), "aa 250");
    tool.write(at("/stats/forwarded"), "9000");
    const store::Tree earlier = lab.server.tree().head();
    tool.write(at("/arp/0/refreshed"), "bb 400");
    tool.write(at("/arp/0/older"), "bb 120");
    tool.rm(at("/arp/0/expired"));
    tool.rm(at("/arp/0/missing"));
    tool.write(at("/arp/0/new"), "cc 500");
    tool.write(at("/stats/forwarded"), "9500");

    Branch branch = lab.server.tree().branch({});
    const Paths changed = merge_network_state(branch, net, *earlier.find(net), 100);
    CHECK(changed == Paths{at("/arp/0/older"), at("/arp/0/missing")});
    lab.server.publish_as_domain0(branch, changed, {});
    CHECK(tool.read(at("/arp/0/older")) == "aa 150");
    CHECK(tool.read(at("/arp/0/refreshed")) == "bb 400");
    CHECK(tool.read(at("/arp/0/missing")) == "aa 250");
    CHECK(tool.perms(at("/arp/0/missing")) == "n5|");
    CHECK(tool.read(at("/arp/0/expired")) == "!ENOENT");
    CHECK(tool.read(at("/arp/0/new")) == "cc 500");
    CHECK(tool.read(at("/stats/forwarded")) == "9500");
    CHECK(guest.write("data/net/arp/0/missing", "mine 600") == "OK|");
    CHECK(lab.consistent());
}

TEST_CASE("which paths can be reverted") {
    CHECK(is_configuration_path("/stemma"));
    CHECK(is_configuration_path("/stemma/zones/x"));
    CHECK_FALSE(is_configuration_path("/stemma-old"));
    CHECK_FALSE(is_configuration_path("/"));
    CHECK(is_network_state_path("/local/domain/5/data/net"));
    CHECK(is_network_state_path("/local/domain/5/data/net/nat/udp"));
    CHECK_FALSE(is_network_state_path("/local/domain/5/data"));
    CHECK_FALSE(is_network_state_path("/local/domain/5/data/network"));
    CHECK_FALSE(is_network_state_path("/local/domain/5/device"));
}
