#include "toolstack/reconcile.hpp"

#include <catch2/catch.hpp>

#include "fake_links.hpp"
#include "fake_platform.hpp"
#include "fake_store.hpp"

namespace stemma::toolstack {

namespace {

Configuration two_guests() {
    Configuration configuration;
    configuration.bridges["xenbr0"] = {};
    for (const char* name : {"a", "b"}) {
        Guest guest{.image = "probe"};
        guest.interfaces.push_back(
            {.bridge = "xenbr0", .mac = generated_mac(name, 0), .address = {}, .gateway = {}});
        configuration.guests[name] = guest;
    }
    return configuration;
}

// A platform that also makes the links which the real one would.
class LinkingPlatform : public FakePlatform {
  public:
    LinkingPlatform(FakeStore& store, FakeLinks& links) : FakePlatform(store), links_(links) {}

    Result<std::string> attach_port(DomainId domain, const PortRequest& request) override {
        auto link = FakePlatform::attach_port(domain, request);
        if (link) links_.add(*link, "veth", "stemma-port", links_.at(request.bridge).index);
        return link;
    }
    Result<void> destroy(DomainId domain) override {
        std::erase_if(links_.links, [&](const Link& link) {
            return link.name.starts_with("vif" + std::to_string(domain) + '.');
        });
        return FakePlatform::destroy(domain);
    }

  private:
    FakeLinks& links_;
};

struct Rig {
    FakeStore store;
    FakeLinks links;
    LinkingPlatform platform{store, links};
    std::vector<std::string> shown;

    std::vector<Action> plan(const Configuration& wanted) {
        const auto observed = observe(store, platform, links);
        REQUIRE(observed);
        auto actions = plan_actions(wanted, *observed);
        REQUIRE(actions);
        return *actions;
    }
    Reconciliation run(const Configuration& wanted) {
        return reconcile(store, platform, links, wanted, plan(wanted),
                         {.limit = std::chrono::milliseconds(1)},
                         [&](const Action& action) { shown.push_back(to_string(action)); });
    }
};

}  // namespace

TEST_CASE("after a reconciliation nothing is left to do, and what was read back says so") {
    Rig rig;
    const auto result = rig.run(two_guests());
    CHECK(result.failures.empty());
    CHECK(result.done.size() == 3);
    CHECK(result.verified ==
          std::vector<std::string>{"bridge xenbr0 is up, ports vif1.0, vif2.0",
                                   "guest a runs as domain 1, interface 0 on xenbr0",
                                   "guest b runs as domain 2, interface 0 on xenbr0"});
    CHECK(rig.plan(two_guests()).empty());
}

TEST_CASE("a guest that fails does not keep the others from starting") {
    Rig rig;
    rig.platform.failing_call = "start";
    rig.platform.fail_from = 1;
    const auto result = rig.run(two_guests());
    REQUIRE(result.failures.size() == 2);
    CHECK(rig.platform.domains_by_id.empty());
    rig.platform.failing_call.clear();
    CHECK(rig.run(two_guests()).failures.empty());
    CHECK(rig.platform.domains_by_id.size() == 2);
}

TEST_CASE("a guest that cannot be destroyed is not started a second time") {
    Rig rig;
    REQUIRE(rig.run(two_guests()).failures.empty());
    auto changed = two_guests();
    changed.guests["a"].memory = 64;
    rig.platform.failing_call = "destroy";
    rig.platform.fail_from = 1;
    rig.shown.clear();
    const auto result = rig.run(changed);
    CHECK(result.failures.size() == 1);
    CHECK(rig.shown.size() == 1);
    CHECK(rig.platform.domains_by_id.size() == 2);
}

TEST_CASE("a step whose effect is not there afterwards is a failure") {
    Rig rig;
    REQUIRE(rig.run(two_guests()).failures.empty());
    // The platform says that it moved the port; the kernel says otherwise.
    auto changed = two_guests();
    changed.bridges["xenbr1"] = {};
    changed.guests["a"].interfaces[0].bridge = "xenbr1";
    const auto result = rig.run(changed);
    REQUIRE(result.failures.size() == 1);
    CHECK_THAT(result.failures[0].cause, Catch::Contains("still to do: move a interface 0"));
}

TEST_CASE("a bridge that cannot be made is told, with the guests that then cannot start") {
    Rig rig;
    rig.links.failing = "xenbr0";
    rig.links.add("other", "bridge");
    rig.platform.failing_call = "attach";
    const auto result = rig.run(two_guests());
    CHECK(result.failures.size() == 4);  // the bridge, two guests, and that the bridge is missing
}

TEST_CASE("domains of other toolstacks and those that end are not looked at") {
    Rig rig;
    rig.platform.domains_by_id[9] = {.name = "xl-made", .state = DomainState::running};
    rig.platform.domains_by_id[10] = {.name = "ended", .state = DomainState::shut_down};
    rig.store.set("/libxl/9/type", "pv");
    rig.store.set("/libxl/10/stemma/image", "nat");
    const auto observed = observe(rig.store, rig.platform, rig.links);
    REQUIRE(observed);
    CHECK(observed->guests.empty());
}

}  // namespace stemma::toolstack
