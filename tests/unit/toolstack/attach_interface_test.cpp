#include "toolstack/attach_interface.hpp"

#include <catch2/catch.hpp>

#include "fake_platform.hpp"
#include "fake_store.hpp"
#include "toolstack/domain_nodes.hpp"

namespace stemma::toolstack {

namespace {

Interface interface(unsigned number) {
    return {.bridge = "b",
            .mac = generated_mac("g", number),
            .address = Ipv4Interface{0x0a000001 + number, 24}};
}

constexpr char arguments_path[] = "/libxl/1/stemma/arguments";

// Domain 1 with one interface, and a guest that connects whatever it is given.
struct Rig {
    FakeStore store;
    FakePlatform platform{store};
    Guest guest{.image = "/vmlinuz", .arguments = "quiet", .interfaces = {interface(0)}};
    std::map<std::string, std::string> before;
    bool connects = true;

    Rig() {
        platform.domains_by_id[1] = {.name = "g", .ports = {{0, "b"}}};
        REQUIRE(store.transact([&](TransactionId transaction) {
            return write_domain_nodes(store, transaction, {{1, 1, 2}, "g", "uu-id", &guest});
        }));
        before = store.nodes;
        store.changed = [this] {
            for (unsigned i = 1; i < 3; ++i) {
                const std::string state = backend_path(1, i) + "/state";
                if (connects && store.value(state) == "1") store.set(state, "4");
            }
        };
    }
    Result<void> attach(const Guest* with, const CreateOptions& options = {}) {
        return attach_interface(store, platform, 1, 1, interface(1), with, options);
    }
};

}  // namespace

TEST_CASE("an attached interface has all that a creation gives it, and is on its bridge") {
    Rig rig;
    Guest wanted = rig.guest;
    wanted.interfaces.push_back(interface(1));
    REQUIRE(rig.attach(&wanted));
    CHECK(rig.platform.domains_by_id.at(1).ports ==
          std::map<unsigned, std::string>{{0, "b"}, {1, "b"}});
    FakeStore created;
    REQUIRE(created.transact([&](TransactionId transaction) {
        return write_domain_nodes(created, transaction, {{1, 1, 2}, "g", "uu-id", &wanted});
    }));
    created.set(backend_path(1, 1) + "/state", "4");
    CHECK(rig.store.nodes == created.nodes);
    CHECK(rig.store.permissions == created.permissions);
}

TEST_CASE("attached and detached again, a domain is as it was, configured or not") {
    for (const bool configured : {true, false}) {
        Rig rig;
        Guest wanted = rig.guest;
        wanted.interfaces.push_back(interface(1));
        REQUIRE(rig.attach(configured ? &wanted : nullptr));
        if (configured) {
            CHECK(rig.store.value(arguments_path) == command_line(wanted));
        } else {
            CHECK(rig.store.value(arguments_path) == command_line(rig.guest));
        }
        CHECK(detach_interface(rig.store, rig.platform, 1, 1, configured ? &rig.guest : nullptr) ==
              true);
        CHECK(rig.store.nodes == rig.before);
        CHECK(rig.platform.domains_by_id.at(1).ports == std::map<unsigned, std::string>{{0, "b"}});
    }
}

TEST_CASE("an interface that cannot be attached, or is not connected, leaves nothing") {
    for (const bool refused : {true, false}) {
        Rig rig;
        rig.connects = false;
        if (refused) rig.platform.failing_call = "attach";
        const auto attached = rig.attach(&rig.guest, {.limit = std::chrono::milliseconds(1)});
        REQUIRE(!attached);
        if (!refused) {
            CHECK_THAT(attached.error().cause, Catch::Contains("did not connect it within 1 ms"));
            CHECK(attached.error().state ==
                  "interface 1: frontend 1 Initialising, backend 1 Initialising");
        }
        CHECK(rig.store.nodes == rig.before);
        CHECK(rig.platform.domains_by_id.at(1).ports == std::map<unsigned, std::string>{{0, "b"}});
    }
}

TEST_CASE("without waiting an interface stays, though nobody has connected it") {
    Rig rig;
    rig.connects = false;
    REQUIRE(rig.attach(nullptr, {.wait = false}));
    CHECK(rig.store.value(backend_path(1, 1) + "/state") == "1");
}

TEST_CASE("an interface that a guest keeps is taken by force, and that is told") {
    Rig rig;
    REQUIRE(rig.attach(nullptr));
    rig.platform.lets_go = false;
    CHECK(detach_interface(rig.store, rig.platform, 1, 1, nullptr) == false);
    CHECK(rig.store.nodes == rig.before);
    rig.platform.failing_call = "detach";
    CHECK(!detach_interface(rig.store, rig.platform, 1, 0, nullptr));
    CHECK(rig.store.nodes == rig.before);
}

}  // namespace stemma::toolstack
