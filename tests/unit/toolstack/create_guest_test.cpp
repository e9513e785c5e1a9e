#include "toolstack/create_guest.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <set>

#include "fake_platform.hpp"
#include "fake_store.hpp"
#include "toolstack/uuid.hpp"

namespace stemma::toolstack {

namespace {

Guest nat() {
    Guest guest{.image = "nat"};
    for (unsigned i = 0; i < 2; ++i) {
        guest.interfaces.push_back({.bridge = "xenbr" + std::to_string(i),
                                    .mac = generated_mac("nat0", i),
                                    .address = Ipv4Interface{0x0a000001 + i * 256, 24},
                                    .gateway = {},
                                    .role = i == 0 ? Role::outside : Role::inside});
    }
    return guest;
}

struct Rig {
    FakeStore store;
    FakePlatform platform{store};
    std::map<std::string, std::string> before;

    Rig() {
        // What other domains have left there is not to be touched.
        for (const char* path : {"/local/domain/0/backend/vif", "/libxl", "/vm"})
            store.set(path, "");
        before = store.nodes;
    }
    Result<CreatedGuest> create(const CreateOptions& options = {}) {
        return create_guest(store, platform, "nat0", nat(), options);
    }
    // As xenstored answers when it has saved one.
    void save_state() {
        store.on_control = [](const std::vector<std::string>& words) -> StoreResult<std::string> {
            const std::string state = "state of " + words.at(1);
            std::ofstream(words.at(2)) << state;
            return std::to_string(state.size()) + '\0';
        };
    }
};

}  // namespace

TEST_CASE("a guest is made step by step and its steps are timed in order") {
    Rig rig;
    rig.save_state();
    const auto created = rig.create();
    REQUIRE(created);
    std::vector<std::string> names;
    for (const auto& step : created->steps)
        names.push_back(step.name);
    CHECK(names == std::vector<std::string>{"saved state", "domain", "nodes", "image", "introduce",
                                            "ports", "start", "ready"});
    CHECK(rig.platform.calls ==
          std::vector<std::string>{"create", "load", "attach", "attach", "start", "keep"});
    const auto& domain = rig.platform.domains_by_id.at(created->domain);
    CHECK(domain.kept);
    CHECK(domain.has_state);
    CHECK(domain.image == "nat");
    CHECK(domain.arguments == "outside=vif0,10.0.0.1/24 inside=vif1,10.0.1.1/24");
    CHECK(domain.ports == std::map<unsigned, std::string>{{0, "xenbr0"}, {1, "xenbr1"}});
    CHECK(created->restored_bytes == std::string("state of nat0").size());
}

TEST_CASE("no state is taken with --fresh, and without one there is none to take") {
    Rig rig;
    rig.save_state();
    REQUIRE(rig.create({.fresh = true}));
    CHECK(!rig.platform.domains_by_id.at(1).has_state);
    Rig other;
    REQUIRE(other.create());
    CHECK(!other.platform.domains_by_id.at(1).has_state);
}

TEST_CASE("a failure of any call of the platform leaves nothing behind") {
    const std::tuple<const char*, int> cases[] = {{"create", 1}, {"load", 1},  {"attach", 1},
                                                  {"attach", 2}, {"start", 1}, {"keep", 1}};
    for (const auto& [call, which] : cases) {
        INFO(call << ' ' << which);
        Rig rig;
        rig.save_state();
        rig.platform.failing_call = call;
        rig.platform.fail_from = which;
        const auto created = rig.create();
        REQUIRE(!created);
        CHECK(created.error().cause == "it was told to fail");
        CHECK(rig.platform.domains_by_id.empty());
        CHECK(rig.store.nodes == rig.before);
    }
}

TEST_CASE("a failure of any request to the store leaves no domain behind") {
    std::size_t requests = 0;
    {
        Rig rig;
        rig.save_state();
        REQUIRE(rig.create());
        requests = rig.store.requests.size();
    }
    // Each request in turn is refused, once: undoing may use the store.
    int refused = 0;
    for (std::size_t which = 0; which < requests; ++which) {
        Rig rig;
        rig.save_state();
        std::size_t count = 0;
        rig.store.fault = [&](const std::string&) -> std::optional<xs::Error> {
            return count++ == which ? std::optional(xs::Error::eio) : std::nullopt;
        };
        const auto created = rig.create();
        if (created) continue;  // taking watches away may fail
        ++refused;
        CHECK(rig.platform.domains_by_id.empty());
        CHECK(rig.store.nodes == rig.before);
    }
    CHECK(refused > 60);
}

TEST_CASE("what is to be done before a guest is kept is done when it serves, or nothing is left") {
    Rig rig;
    CreateOptions options;
    options.before_keep = [&]() -> Result<void> {
        rig.platform.calls.push_back("before keep");
        return {};
    };
    REQUIRE(rig.create(options));
    CHECK(rig.platform.calls == std::vector<std::string>{"create", "load", "attach", "attach",
                                                         "start", "before keep", "keep"});
    Rig failing;
    options.before_keep = [] { return failure(ErrorKind::refused, "configure", "it", "changed"); };
    const auto created = failing.create(options);
    REQUIRE(!created);
    CHECK(created.error().cause == "changed");
    CHECK(failing.platform.domains_by_id.empty());
    CHECK(failing.store.nodes == failing.before);
}

TEST_CASE("a guest with a UUID has that one, unless another domain has it") {
    Guest guest = nat();
    guest.uuid = "01234567-89ab-cdef-0123-456789abcdef";
    Rig rig;
    const auto create = [&](const std::string& name) {
        return create_guest(rig.store, rig.platform, name, guest, {});
    };
    REQUIRE(create("nat0"));
    CHECK(rig.platform.domains_by_id.at(1).uuid == guest.uuid);
    CHECK(rig.store.nodes.contains("/vm/" + guest.uuid));
    const auto before = rig.store.nodes;
    const auto second = create("nat1");
    REQUIRE(!second);
    CHECK(second.error().cause == "domain 1, nat0, has its UUID " + guest.uuid);
    CHECK(rig.store.nodes == before);
}

TEST_CASE("a saved state that cannot be read stops the creation and leaves nothing") {
    Rig rig;
    rig.store.fault = [](const std::string& request) -> std::optional<xs::Error> {
        return request == "control saved-state" ? std::optional(xs::Error::eio) : std::nullopt;
    };
    const auto created = rig.create();
    REQUIRE(!created);
    CHECK(created.error().next == "start it without: stemma create --fresh nat0");
    CHECK(rig.platform.domains_by_id.empty());
    CHECK(rig.store.nodes == rig.before);
}

TEST_CASE("a guest that ends before it serves is an error with its last words") {
    Rig rig;
    rig.platform.guests_end = true;
    const auto created = rig.create();
    REQUIRE(!created);
    CHECK_THAT(created.error().cause, Catch::Contains("exit status 1"));
    CHECK_THAT(created.error().cause, Catch::Contains("line one\nline two"));
    CHECK_THAT(created.error().state, Catch::Contains("interface 1: frontend 1 Initialising"));
    CHECK(rig.platform.domains_by_id.empty());
    CHECK(rig.store.nodes == rig.before);
}

TEST_CASE("a guest that never serves is an error after the time limit") {
    Rig rig;
    rig.platform.guests_serve = false;
    const auto created = rig.create({.limit = std::chrono::milliseconds(1)});
    REQUIRE(!created);
    CHECK_THAT(created.error().cause, Catch::Contains("did not write /local/domain/1/data/ready"));
    CHECK(rig.platform.domains_by_id.empty());
    CHECK(rig.store.nodes == rig.before);
    Rig patient;
    patient.platform.guests_serve = false;
    CHECK(patient.create({.wait = false}));
}

TEST_CASE("what cannot be undone is told beside the first error") {
    Rig rig;
    rig.platform.guests_serve = false;
    rig.store.fault = [](const std::string& request) -> std::optional<xs::Error> {
        return request.starts_with("rm ") ? std::optional(xs::Error::eio) : std::nullopt;
    };
    const auto created = rig.create({.limit = std::chrono::milliseconds(1)});
    REQUIRE(!created);
    CHECK_THAT(created.error().state, Catch::Contains("could not all be removed"));
}

TEST_CASE("random UUIDs are of version 4 and differ") {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const std::string uuid = to_string(random_uuid());
        CHECK(uuid.size() == 36);
        CHECK(uuid[14] == '4');
        CHECK(std::string_view("89ab").find(uuid[19]) != std::string_view::npos);
        CHECK(seen.insert(uuid).second);
    }
}

}  // namespace stemma::toolstack
