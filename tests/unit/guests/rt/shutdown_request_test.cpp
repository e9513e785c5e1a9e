#include "rt/shutdown_request.hpp"

#include <catch2/catch.hpp>

#include "fake_store.hpp"

using namespace stemma::rt;

namespace {

struct Rig {
    FakeStore store;
    ShutdownRequest request{store};

    Rig() {
        request.begin();
        store.run();
    }
};

}  // namespace

TEST_CASE("a guest says that it can be shut down and rebooted") {
    const Rig rig;
    CHECK(rig.store.value("control/feature-poweroff") == "1");
    CHECK(rig.store.value("control/feature-reboot") == "1");
    CHECK_FALSE(rig.request.wanted());
}

TEST_CASE("a request is acknowledged by writing it empty, and obeyed when that is answered") {
    const std::pair<const char*, WantedEnd> cases[] = {{"poweroff", WantedEnd::poweroff},
                                                       {"halt", WantedEnd::poweroff},
                                                       {"reboot", WantedEnd::reboot}};
    for (const auto& [word, end] : cases) {
        Rig rig;
        rig.store.set("control/shutdown", word);
        while (rig.store.value("control/shutdown") != "") {
            CHECK_FALSE(rig.request.wanted());
            REQUIRE(rig.store.step());
        }
        CHECK_FALSE(rig.request.wanted());
        rig.store.run();
        CHECK(rig.request.wanted() == end);
    }
}

TEST_CASE("what is no request to end is left as it is") {
    for (const char* word : {"", "suspend", "crash", "Reboot", "poweroff now"}) {
        Rig rig;
        rig.store.set("control/shutdown", word);
        rig.store.run();
        CHECK_FALSE(rig.request.wanted());
        CHECK(rig.store.value("control/shutdown") == word);
    }
}

TEST_CASE("a guest whose acknowledgement is refused ends all the same") {
    Rig rig;
    rig.store.fail_next(stemma::xs::MessageType::write, stemma::xs::Error::eacces);
    rig.store.set("control/shutdown", "reboot");
    rig.store.run();
    CHECK(rig.request.wanted() == WantedEnd::reboot);
}
