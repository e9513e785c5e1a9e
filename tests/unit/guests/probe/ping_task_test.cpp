#include "probe/ping_task.hpp"

#include <catch2/catch.hpp>

#include "probe_rig.hpp"

using namespace stemma::probe;
using namespace stemma::probe::test;
using stemma::rt::Duration;

TEST_CASE("an echo is sent each second and its time, or its lack, told") {
    Rig rig;
    PingTask task(rig.here.stack, rig.console, rig.report, rig.here.entropy);
    task.start(ip("10.0.0.2"), rig.clock.now());
    rig.run(task, Duration::milliseconds(2500));
    CHECK(rig.console.has("ping 10.0.0.2: sequence 1, "));
    CHECK(rig.console.has("ping 10.0.0.2: sequence 3, "));
    CHECK(rig.node("ping/sent") == "3");
    CHECK(rig.node("ping/answered") == "3");
    rig.wire.cut = true;
    rig.run(task, Duration::seconds(2));
    CHECK(rig.console.has("ping 10.0.0.2: sequence 4, no answer"));
    CHECK(rig.node("ping/answered") == "3");
}
