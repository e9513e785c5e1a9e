#include "toolstack/agent/backend_nodes.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"
#include "toolstack/domain_nodes.hpp"

namespace stemma::toolstack {

TEST_CASE("the handshake goes backend 2, frontend 4, backend 4, and never another way") {
    FakeStore store;
    store.set(backend_path(5, 0) + "/state", "1");
    store.set(frontend_path(5, 0) + "/state", "1");
    std::vector<std::string> seen;
    store.changed = [&] {
        const std::string now = store.value(backend_path(5, 0) + "/state") +
                                store.value(frontend_path(5, 0) + "/state");
        if (seen.empty() || seen.back() != now) seen.push_back(now);
    };
    REQUIRE(connect_vif(store, 5, 0, 1400));
    CHECK(seen == std::vector<std::string>{"21", "24", "44"});
    CHECK(store.value(backend_path(5, 0) + "/hotplug-status") == "connected");
    CHECK(store.value(backend_path(5, 0) + "/mtu") == "1400");
    CHECK(store.value(backend_path(5, 0) + "/feature-rx-copy") == "1");
}

TEST_CASE("a port that cannot be made is told where libxl looks for the reason") {
    FakeStore store;
    REQUIRE(fail_vif(store, 5, 0, "there is no such bridge"));
    CHECK(store.value(backend_path(5, 0) + "/hotplug-status") == "error");
    CHECK(store.value(backend_path(5, 0) + "/hotplug-error") == "there is no such bridge");
}

TEST_CASE("a moved port is named by its new bridge in both places") {
    FakeStore store;
    REQUIRE(rename_bridge(store, 5, 1, "xenbr7"));
    CHECK(store.value("/local/domain/0/backend/vif/5/1/bridge") == "xenbr7");
    CHECK(store.value("/libxl/5/device/vif/1/bridge") == "xenbr7");
}

}  // namespace stemma::toolstack
