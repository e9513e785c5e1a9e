#include "toolstack/end_guest.hpp"

#include <catch2/catch.hpp>

#include "fake_platform.hpp"
#include "fake_store.hpp"

namespace stemma::toolstack {

namespace {

constexpr char shutdown_path[] = "/local/domain/1/control/shutdown";

// Domain 1, "p", which has said what it can.
struct Rig {
    FakeStore store;
    FakePlatform platform{store};
    std::vector<std::string> asked;
    bool obeys = true;     // takes a request
    bool ends = true;      // and then ends
    bool answered = true;  // by an agent, which removes it

    Rig() {
        platform.domains_by_id[1] = {.name = "p", .kept = true, .state = DomainState::running};
        store.set("/local/domain/1/name", "p");
        store.set("/local/domain/1/control/feature-poweroff", "1");
        store.set("/local/domain/1/control/feature-reboot", "1");
        store.set(shutdown_path, "");
        store.changed = [this] { guest(); };
    }
    // What the guest does when it is asked.
    void guest() {
        const std::string word = store.value(shutdown_path);
        if (word.empty() || word == "(absent)") return;
        asked.push_back(word);
        if (!obeys) return;
        store.set(shutdown_path, "");
        if (!ends) return;
        auto& domain = platform.domains_by_id.at(1);
        domain.state = DomainState::shut_down;
        domain.ended_by = word == "reboot" ? Ending::reboot : Ending::poweroff;
        store.fire("@releaseDomain");
        if (!answered) return;
        platform.domains_by_id.clear();
        store.fire("@releaseDomain");
    }
    DomainInfo domain() { return platform.domains()->at(0); }
};

Deadline now() {
    return std::chrono::steady_clock::now();
}

}  // namespace

TEST_CASE("a guest is asked by the word that drivers know, and its answer is waited for") {
    for (const auto& [request, word] :
         {std::pair{EndRequest::poweroff, "poweroff"}, std::pair{EndRequest::reboot, "reboot"}}) {
        Rig rig;
        const auto domain = rig.domain();
        GuestEnd end(rig.store, rig.platform, domain);
        REQUIRE(end.ask(request, now()));
        CHECK(rig.asked == std::vector<std::string>{word});
        CHECK(end.wait(now()) == GuestEnd::Outcome::gone);
        CHECK(rig.platform.calls.empty());
    }
}

TEST_CASE("a guest that has not said that it can is not asked, and the error says where it would") {
    for (const char* said : {"", "0"}) {
        Rig rig;
        rig.store.set("/local/domain/1/control/feature-reboot", said);
        const auto domain = rig.domain();
        GuestEnd end(rig.store, rig.platform, domain);
        const auto asked = end.ask(EndRequest::reboot, now());
        REQUIRE(!asked);
        CHECK(asked.error().kind == ErrorKind::refused);
        CHECK_THAT(asked.error().cause, Catch::Contains("/control/feature-reboot is "));
        CHECK(rig.asked.empty());
    }
}

TEST_CASE("a domain that does not run is not asked") {
    for (const auto state : {DomainState::building, DomainState::paused, DomainState::shut_down}) {
        Rig rig;
        rig.platform.domains_by_id.at(1).state = state;
        const auto domain = rig.domain();
        GuestEnd end(rig.store, rig.platform, domain);
        const auto asked = end.ask(EndRequest::poweroff, now());
        REQUIRE(!asked);
        CHECK(asked.error().kind == ErrorKind::refused);
        CHECK(rig.asked.empty());
    }
}

TEST_CASE("a reboot that nobody would answer is refused, one of another toolstack's is not") {
    Rig rig;
    rig.platform.keeps = Keeper::nobody;
    const auto domain = rig.domain();
    GuestEnd end(rig.store, rig.platform, domain);
    const auto asked = end.ask(EndRequest::reboot, now());
    REQUIRE(!asked);
    CHECK(asked.error().kind == ErrorKind::unavailable);
    CHECK(rig.asked.empty());
    rig.platform.keeps = Keeper::other_toolstack;
    CHECK(end.ask(EndRequest::reboot, now()));
}

TEST_CASE("a guest that does not take the request is an error, and the request stays") {
    Rig rig;
    rig.obeys = false;
    const auto domain = rig.domain();
    GuestEnd end(rig.store, rig.platform, domain);
    const auto asked = end.ask(EndRequest::poweroff, now());
    REQUIRE(!asked);
    CHECK_THAT(asked.error().cause, Catch::Contains("in time"));
    CHECK(rig.store.value(shutdown_path) == "poweroff");
}

TEST_CASE("what nobody answers is removed by who waits, another toolstack's is let be") {
    Rig rig;
    rig.answered = false;
    rig.platform.keeps = Keeper::nobody;
    const auto domain = rig.domain();
    {
        GuestEnd end(rig.store, rig.platform, domain);
        REQUIRE(end.ask(EndRequest::poweroff, now()));
        CHECK(end.wait(now()) == GuestEnd::Outcome::gone);
    }
    CHECK(rig.platform.calls == std::vector<std::string>{"destroy"});
    CHECK(rig.platform.domains_by_id.empty());

    Rig other;
    other.answered = false;
    other.platform.keeps = Keeper::other_toolstack;
    const auto foreign = other.domain();
    GuestEnd end(other.store, other.platform, foreign);
    REQUIRE(end.ask(EndRequest::poweroff, now()));
    CHECK(end.wait(now()) == GuestEnd::Outcome::ended);
    CHECK(other.platform.calls.empty());
}

TEST_CASE("a guest that takes the request and goes on is an error that says how it is") {
    Rig rig;
    rig.ends = false;
    const auto domain = rig.domain();
    GuestEnd end(rig.store, rig.platform, domain);
    REQUIRE(end.ask(EndRequest::poweroff, now()));
    const auto waited = end.wait(now());
    REQUIRE(!waited);
    CHECK_THAT(waited.error().cause, Catch::Contains("still running"));
}

TEST_CASE("one that the agent is at is waited for, not removed a second time") {
    Rig rig;
    rig.answered = false;
    const auto domain = rig.domain();
    GuestEnd end(rig.store, rig.platform, domain);
    REQUIRE(end.ask(EndRequest::poweroff, now()));
    const auto waited = end.wait(now());
    REQUIRE(!waited);
    CHECK_THAT(waited.error().cause, Catch::Contains("still shut-down"));
    CHECK(rig.platform.calls.empty());
}

}  // namespace stemma::toolstack
