#include "toolstack/domain_nodes.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"

namespace stemma::toolstack {

namespace {

Guest two_interfaces() {
    Guest guest{.image = "nat", .memory = 32};
    for (unsigned i = 0; i < 2; ++i) {
        guest.interfaces.push_back({.bridge = "xenbr" + std::to_string(i),
                                    .mac = generated_mac("nat0", i),
                                    .address = Ipv4Interface{0x0a000001 + i * 256, 24},
                                    .gateway = {},
                                    .role = i == 0 ? Role::outside : Role::inside});
    }
    return guest;
}

void write(FakeStore& store, const Guest& guest) {
    REQUIRE(store.transact([&](TransactionId transaction) {
        return write_domain_nodes(store, transaction, {{5, 1, 2}, "nat0", "uu-id", &guest});
    }));
    REQUIRE(store.transact([&](TransactionId transaction) {
        return write_ring_nodes(store, transaction, 5, {0xfeffc, 0xfefff});
    }));
}

}  // namespace

TEST_CASE("the keys that libxl writes and its readers look for are there") {
    FakeStore store;
    const Guest guest = two_interfaces();
    write(store, guest);
    const std::pair<const char*, const char*> expected[] = {
        {"/local/domain/5/name", "nat0"},
        {"/local/domain/5/vm", "/vm/uu-id"},
        {"/local/domain/5/domid", "5"},
        {"/local/domain/5/cpu/0/availability", "online"},
        {"/local/domain/5/memory/target", "32768"},
        {"/local/domain/5/memory/static-max", "32768"},
        {"/local/domain/5/store/port", "1"},
        {"/local/domain/5/store/ring-ref", "1044476"},
        {"/local/domain/5/console/ring-ref", "1044479"},
        {"/local/domain/5/console/port", "2"},
        {"/local/domain/5/control/platform-feature-xs_reset_watches", "1"},
        {"/vm/uu-id/name", "nat0"},
        {"/vm/uu-id/uuid", "uu-id"},
        {"/libxl/5/type", "pvh"},
        {"/libxl/5/device/vif/1/backend", "/local/domain/0/backend/vif/5/1"},
        {"/libxl/5/device/vif/1/frontend", "/local/domain/5/device/vif/1"},
        {"/local/domain/5/device/vif/1/backend", "/local/domain/0/backend/vif/5/1"},
        {"/local/domain/5/device/vif/1/backend-id", "0"},
        {"/local/domain/5/device/vif/1/handle", "1"},
        {"/local/domain/5/device/vif/1/state", "1"},
        {"/local/domain/0/backend/vif/5/1/frontend", "/local/domain/5/device/vif/1"},
        {"/local/domain/0/backend/vif/5/1/frontend-id", "5"},
        {"/local/domain/0/backend/vif/5/1/bridge", "xenbr1"},
        {"/local/domain/0/backend/vif/5/1/hotplug-status", ""},
        {"/local/domain/0/backend/vif/5/1/online", "1"},
        {"/local/domain/0/backend/vif/5/1/state", "1"},
    };
    for (const auto& [path, value] : expected) {
        INFO(path);
        CHECK(store.value(path) == value);
    }
}

TEST_CASE("each processor is online, and how many there are is read back") {
    FakeStore store;
    const Guest guest{.image = "/boot/vmlinux", .memory = 256, .vcpus = 3};
    write(store, guest);
    CHECK(store.value("/local/domain/5/cpu/2/availability") == "online");
    CHECK(!store.nodes.contains("/local/domain/5/cpu/3/availability"));
    const auto made = read_made_from(store, 5);
    REQUIRE((made && *made));
    CHECK((*made)->vcpus == "3");
}

TEST_CASE("each node has the owner that libxl gives it") {
    FakeStore store;
    const Guest guest = two_interfaces();
    write(store, guest);
    CHECK(store.permissions.at("/local/domain/5") == "n0 r5");
    CHECK(store.permissions.at("/local/domain/5/data") == "n5");
    CHECK(store.permissions.at("/local/domain/5/control/shutdown") == "n5");
    CHECK(store.permissions.at("/local/domain/5/device/vif/0") == "n5 r0");
    CHECK(store.permissions.at("/local/domain/0/backend/vif/5/0") == "n0 r5");
    CHECK(store.permissions.at("/libxl/5") == "n0");
    CHECK(store.permissions.at("/vm/uu-id") == "n0 r5");
}

TEST_CASE("from what a guest was made is read back, of others' domains nothing") {
    FakeStore store;
    const Guest guest = two_interfaces();
    write(store, guest);
    const auto made = read_made_from(store, 5);
    REQUIRE((made && *made));
    CHECK((*made)->image == "nat");
    CHECK((*made)->memory == "32");
    CHECK((*made)->vcpus == "1");
    CHECK((*made)->arguments == command_line(guest));
    REQUIRE((*made)->vifs.size() == 2);
    CHECK((*made)->vifs[1].bridge == "xenbr1");
    CHECK((*made)->vifs[1].mac == to_string(guest.interfaces[1].mac));
    store.set("/libxl/6/type", "pv");
    CHECK(!*read_made_from(store, 6));
}

TEST_CASE(
    "what becomes of a guest that ends is read back, and is xl's default where nothing says") {
    FakeStore store;
    CHECK(read_end_policy(store, 5) == EndPolicy());
    const EndPolicy other{EndAction::restart, EndAction::destroy, EndAction::restart};
    REQUIRE(write_end_policy(store, 0, 5, other));
    CHECK(store.value("/libxl/5/stemma/on_reboot") == "destroy");
    CHECK(read_end_policy(store, 5) == other);
    store.set("/libxl/5/stemma/on_reboot", "preserve");
    CHECK(read_end_policy(store, 5)->on_reboot == EndAction::restart);

    CHECK(EndPolicy().after(Ending::poweroff) == EndAction::destroy);
    CHECK(EndPolicy().after(Ending::reboot) == EndAction::restart);
    CHECK(EndPolicy().after(Ending::crash) == EndAction::destroy);
    CHECK(other.after(Ending::poweroff) == EndAction::restart);
    CHECK(other.after(Ending::none) == EndAction::destroy);
}

TEST_CASE("removing a domain's nodes leaves the store as it was") {
    FakeStore store;
    store.set("/local/domain/0/backend/vif", "");
    store.set("/local/domain/0/name", "Domain-0");
    store.set("/libxl", "");
    store.set("/vm", "");
    const auto before = store.nodes;
    const Guest guest = two_interfaces();
    write(store, guest);
    CHECK(store.nodes != before);
    REQUIRE(remove_domain_nodes(store, 5, "uu-id"));
    CHECK(store.nodes == before);
    CHECK(remove_domain_nodes(store, 5, "uu-id"));
}

TEST_CASE("one vif's nodes come and go alone, and a directory goes with its last") {
    FakeStore store;
    store.set("/local/domain/5/device", "");
    store.set("/local/domain/0/backend/vif", "");
    store.set("/libxl/5/device", "");
    const auto before = store.nodes;
    const Guest guest = two_interfaces();
    for (unsigned i : {3u, 1u}) {
        REQUIRE(store.transact([&](TransactionId transaction) {
            return write_vif_nodes(store, transaction, 5, i, guest.interfaces[i == 3 ? 0 : 1]);
        }));
    }
    const auto vifs = read_vifs(store, 5);
    REQUIRE(vifs);
    REQUIRE(vifs->size() == 2);
    CHECK((*vifs)[0].index == 1);
    CHECK((*vifs)[0].bridge == "xenbr1");
    CHECK((*vifs)[1].index == 3);
    CHECK((*vifs)[1].mac == to_string(guest.interfaces[0].mac));
    for (unsigned i : {1u, 3u}) {
        CHECK(store.value("/libxl/5/device/vif/3/backend") == "/local/domain/0/backend/vif/5/3");
        REQUIRE(store.transact(
            [&](TransactionId transaction) { return remove_vif_nodes(store, transaction, 5, i); }));
    }
    CHECK(store.nodes == before);
    CHECK(read_vifs(store, 5)->empty());
}

TEST_CASE("the state of both ends is described by name") {
    FakeStore store;
    store.set(frontend_path(5, 0) + "/state", "1");
    store.set(backend_path(5, 0) + "/state", "2");
    CHECK(describe_vifs(store, 5, 2) ==
          "interface 0: frontend 1 Initialising, backend 2 InitWait; interface 1: frontend absent, "
          "backend absent");
}

}  // namespace stemma::toolstack
