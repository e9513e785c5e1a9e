// Watch events: which, to whom, in which order.
#include <catch2/catch.hpp>

#include "harness.hpp"
#include "xenstored/announcer.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;
using Events = std::vector<std::string>;

TEST_CASE("a new watch is acknowledged, then fires once, whether or not there is a node") {
    Lab lab;
    auto tool = lab.socket();
    tool.send(encoded(MessageType::watch, "/none\0tok\0"s, 0));
    lab.serve(tool);
    REQUIRE(tool.received.size() == 2);
    CHECK(tool.received[0].header.type == MessageType::watch);
    CHECK(shown(tool.received[0].payload) == "OK|");
    CHECK(tool.received[1].is_event());
    CHECK(shown(tool.received[1].payload) == "/none|tok|");
}

TEST_CASE("a write's own event comes before its acknowledgement") {
    Lab lab;
    auto tool = lab.socket();
    tool.watch("/a", "t");
    tool.take_events();
    tool.send(encoded(MessageType::write, "/a\0x"s, 0));
    lab.serve(tool);
    REQUIRE(tool.received.size() == 2);
    CHECK(tool.received[0].is_event());
    CHECK(tool.received[1].header.type == MessageType::write);
}

TEST_CASE("which changes fire a watch") {
    const struct {
        const char* what;
        const char* watched;
        void (*change)(Client&);
        Events events;
    } cases[] = {
        {"a write", "/w", [](Client& c) { c.write("/w", "1"); }, {"/w|t|"}},
        {"the same value again", "/w", [](Client& c) { c.write("/w", ""); }, {"/w|t|"}},
        {"a write below", "/w", [](Client& c) { c.write("/w/a/b", "1"); }, {"/w/a/b|t|"}},
        {"not a write above", "/w/a", [](Client& c) { c.write("/w", "1"); }, {}},
        {"not a neighbour", "/w", [](Client& c) { c.write("/ww", "1"); }, {}},
        {"not the parents a write makes",
         "/w/p",
         [](Client& c) { c.write("/w/p/q/r", "1"); },
         {"/w/p/q/r|t|"}},
        {"mkdir", "/w", [](Client& c) { c.mkdir("/w/new"); }, {"/w/new|t|"}},
        {"not mkdir of what exists", "/w", [](Client& c) { c.mkdir("/w"); }, {}},
        {"permissions", "/w", [](Client& c) { c.set_perms("/w", "r0"); }, {"/w|t|"}},
        {"removal, at the top", "/w", [](Client& c) { c.rm("/w"); }, {"/w|t|"}},
        {"removal, above", "/", [](Client& c) { c.rm("/w"); }, {"/w|t|"}},
        {"removal, below", "/w/x/y", [](Client& c) { c.rm("/w"); }, {"/w/x/y|t|"}},
        {"removal, below what is not there", "/w/none", [](Client& c) { c.rm("/w"); }, {}},
        {"not a removal of nothing", "/w", [](Client& c) { c.rm("/w/none"); }, {}},
        {"not what is refused", "/w", [](Client& c) { c.write("/w//", "1"); }, {}},
    };
    for (const auto& c : cases) {
        CAPTURE(c.what);
        Lab lab;
        auto tool = lab.socket();
        auto watcher = lab.socket();
        tool.write("/w/x/y", "1");
        watcher.watch(c.watched, "t");
        watcher.take_events();
        c.change(tool);
        CHECK(watcher.take_events() == c.events);
    }
}

TEST_CASE("removal tells children before their parents, in the order of creation") {
    Lab lab;
    auto tool = lab.socket();
    for (const char* path : {"/r/z/1", "/r/a/2", "/r/a/1"})
        tool.mkdir(path);
    for (const char* path : {"/r/a/1", "/r", "/r/z", "/r/z/1", "/r/a", "/r/a/2"})
        tool.watch(path, "t");
    tool.take_events();
    tool.rm("/r");
    CHECK(tool.take_events() ==
          Events{"/r/z/1|t|", "/r/z|t|", "/r/a/2|t|", "/r/a/1|t|", "/r/a|t|", "/r|t|"});
}

TEST_CASE("several watches of one client fire in the order of their creation") {
    Lab lab;
    auto tool = lab.socket();
    tool.watch("/a/b", "first");
    tool.watch("/", "second");
    tool.watch("/a", "third");
    tool.take_events();
    tool.write("/a/b", "1");
    CHECK(tool.take_events() == Events{"/a/b|first|", "/a/b|second|", "/a/b|third|"});
}

TEST_CASE("a relative watch gets relative events") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.mkdir("/local/domain/5");
    tool.set_perms("/local/domain/5", "b5");
    guest.watch("device", "t");
    CHECK(guest.take_events() == Events{"device|t|"});
    tool.write("/local/domain/5/device/vif/0", "1");
    CHECK(guest.take_events() == Events{"device/vif/0|t|"});
    CHECK(guest.unwatch("/local/domain/5/device", "t") == "OK|");
    CHECK(guest.unwatch("device", "t") == "!ENOENT");
}

TEST_CASE("an event that still waits is not repeated") {
    Lab lab;
    auto tool = lab.socket();
    auto watcher = lab.socket();
    watcher.watch("/a", "t");
    watcher.take_events();
    watcher.wire->room = 0;
    for (int i = 0; i < 5; ++i)
        tool.write("/a", std::to_string(i));
    tool.write("/a/b", "1");
    watcher.wire->room = SIZE_MAX;
    lab.server.serve(watcher.id());
    CHECK(watcher.take_events() == Events{"/a|t|", "/a/b|t|"});
}

TEST_CASE("who may not read a node or its parent learns nothing of it") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.write("/open/closed/deep", "1");
    tool.write("/shut/known", "1");
    tool.set_perms("/open", "r0");
    tool.set_perms("/open/closed", "n0");
    tool.set_perms("/open/closed/deep", "n0");
    tool.set_perms("/shut/known", "n0 r5");
    for (const char* path : {"/open", "/shut"})
        CHECK(guest.watch(path, "t") == "OK|");
    guest.take_events();
    tool.write("/open/closed", "x");       // its parent is readable
    tool.write("/open/closed/deep", "x");  // neither
    tool.write("/shut/known", "x");        // itself
    tool.write("/shut/unknown", "x");
    tool.write("/shut", "x");
    CHECK(guest.take_events() == Events{"/open/closed|t|", "/shut/known|t|"});
    tool.set_perms("/shut/known", "n0");  // a last event for who loses the right
    CHECK(guest.take_events() == Events{"/shut/known|t|"});
    tool.rm("/shut/known");
    CHECK(guest.take_events().empty());
    tool.rm("/open/closed");
    CHECK(guest.take_events() == Events{"/open/closed|t|"});
}

TEST_CASE(
    "a transaction's events come at its commit, each node once, in the order of first touch") {
    Lab lab;
    auto tool = lab.socket();
    auto watcher = lab.socket();
    tool.write("/t/kept", "1");
    tool.write("/t/gone/below", "1");
    for (const char* path : {"/t", "/t/gone/below"})
        watcher.watch(path, "t");
    watcher.take_events();
    const auto id = tool.start();
    tool.read("/t/kept", id);  // touched first
    tool.write("/t/new", "1", id);
    tool.write("/t/passing", "1", id);
    tool.rm("/t/gone", id);
    tool.write("/t/kept", "2", id);
    tool.write("/t/new", "2", id);
    tool.rm("/t/passing", id);
    CHECK(watcher.take_events().empty());
    CHECK(tool.commit(id) == "OK|");
    CHECK(watcher.take_events() ==
          Events{"/t/kept|t|", "/t/new|t|", "/t/gone|t|", "/t/gone/below|t|"});

    const auto aborted = tool.start();
    tool.write("/t/kept", "3", aborted);
    tool.abort(aborted);
    CHECK(watcher.take_events().empty());
}

TEST_CASE(
    "a transaction tells of a node by the rights that its parent has when C writes the node") {
    Lab lab;
    auto tool = lab.socket();
    auto watcher = lab.domain(5);
    tool.write("/t", "1");
    tool.write("/t/gone", "1");
    tool.write("/shut", "1");
    watcher.watch("/t", "t");
    watcher.watch("/shut", "s");
    watcher.take_events();
    // the parent is opened after its child was touched, and before
    auto id = tool.start();
    tool.write("/t/first", "1", id);
    tool.set_perms("/t", "r0", id);
    tool.set_perms("/t/first", "n0", id);
    tool.write("/t/second", "1", id);
    tool.set_perms("/t/second", "n0", id);
    CHECK(tool.commit(id) == "OK|");
    CHECK(watcher.take_events() == Events{"/t|t|", "/t/second|t|"});
    // a removed node's parent does not count
    tool.set_perms("/t/gone", "n0");
    watcher.take_events();
    id = tool.start();
    tool.rm("/t/gone", id);
    CHECK(tool.commit(id) == "OK|");
    CHECK(watcher.take_events().empty());
    tool.rm("/t/first");
    CHECK(watcher.take_events() == Events{"/t/first|t|"});
}

TEST_CASE("a guest that does not read loses events by age, and by the room they take") {
    Server::Settings settings;
    settings.limits.memory = 1000;
    Lab lab(settings);
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.mkdir("/d");
    tool.set_perms("/d", "r0");
    guest.watch("/d", "t");
    guest.take_events();
    for (int i = 0; i < 200; ++i)
        tool.write("/d/child" + std::to_string(i), "1");
    CHECK(lab.server.announcer().dropped() > 50);
    lab.clock.advance(std::chrono::milliseconds(19'999));
    lab.server.expire();
    CHECK(lab.server.stats().events_expired == 0);
    CHECK(lab.server.next_deadline() != Moment::max());
    lab.clock.advance(std::chrono::milliseconds(1));
    lab.server.expire();
    CHECK(lab.server.stats().events_expired > 10);
    CHECK(lab.server.next_deadline() == Moment::max());
    // what is in the ring, or half of it, still arrives, and the connection goes on
    CHECK(guest.read("/d") == "");
    CHECK_FALSE(guest.take_events().empty());
}

TEST_CASE("the watch quota is E2BIG, one above its number") {
    Server::Settings settings;
    settings.limits.watches = 3;
    Lab lab(settings);
    auto guest = lab.domain(5);
    for (int i = 0; i < 4; ++i)
        CHECK(guest.watch("/a", std::to_string(i)) == "OK|");
    CHECK(guest.watch("/a", "one more") == "!E2BIG");
    CHECK(guest.watch("/a", "3") == "!EEXIST");
    CHECK(guest.unwatch("/a", "3") == "OK|");
    CHECK(guest.watch("/a", "one more") == "OK|");
    CHECK(guest.ask(MessageType::reset_watches, "\0"s) == "OK|");
    CHECK(lab.server.connections().watches().size() == 0);
}
