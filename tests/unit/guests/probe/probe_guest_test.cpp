#include "probe/probe_guest.hpp"

#include <catch2/catch.hpp>

#include "probe_rig.hpp"
#include "rt/saved_state.hpp"

using namespace stemma::probe::test;
using namespace stemma;
using stemma::rt::Duration;
using stemma::rt::Instant;

namespace {

// Two probes on one wire, each with a store of its own.
struct Machine {
    net::test::TestPort port;
    net::test::TestEntropy entropy;
    rt::FakeStore store;
    TestConsole console;
    std::vector<rt::Port*> ports;
    std::unique_ptr<rt::Guest> guest;

    Machine(std::uint8_t last, rt::Clock& clock, std::string_view arguments,
            std::span<const std::uint8_t> saved = {})
        : port(net::test::mac(last)), entropy(last), ports{&port} {
        guest = rt::make_guest({ports, clock, entropy, console, store, arguments, saved});
    }
    std::string node(std::string_view path) const { return store.value(path).value_or("(none)"); }
};

struct Net {
    net::test::TestClock clock;
    std::vector<Machine*> machines;
    net::test::Wire* wire = nullptr;

    void run(Duration time) {
        const auto end = clock.now() + time;
        while (clock.now() < end) {
            for (auto* machine : machines) {
                machine->guest->run(clock.now());
                machine->store.run();
            }
            wire->deliver();
            clock.advance(Duration::milliseconds(1));
        }
    }
};

}  // namespace

TEST_CASE("wrong words end a guest before it begins, and say why") {
    net::test::TestClock clock;
    for (const char* words : {"", "address=vif0,10.0.1.2/24 x=y", "address=vif1,10.0.1.2/24",
                              "address=vif0,10.0.1.2/24 echo=20000"}) {
        Machine machine(1, clock, words);
        CHECK(!machine.guest);
        CHECK(machine.console.lines.size() == 1);
    }
}

TEST_CASE("two probes: one echoes, the other streams, pings, and takes commands") {
    Net net;
    Machine server(2, net.clock, "address=vif0,10.0.0.2/24 echo=7");
    Machine client(1, net.clock, "address=vif0,10.0.0.1/24 stream=10.0.0.2:7 ping=10.0.0.2");
    net::test::Wire wire(client.port, server.port);
    net.wire = &wire;
    net.machines = {&server, &client};
    net.run(Duration::seconds(3));
    CHECK(client.node("data/ready") == "1");
    CHECK(client.node("data/probe/stream/state") == "established");
    CHECK(client.console.has("ping 10.0.0.2: sequence 2, "));
    CHECK(client.node("data/net/arp/0/10-0-0-2").starts_with("02:16:3e:00:00:02 17000000"));
    CHECK(client.node("data/net/stats/received") != "(none)");

    client.store.set("data/probe/command", "flows=20 to=10.0.0.2:7 turn=1");
    net.run(Duration::seconds(3));
    CHECK(client.node("data/probe/outcome") == "ok turn=1");
    CHECK(client.node("data/probe/flows/answered") == "20");
    CHECK(client.node("data/probe/flows/state") == "done");
    client.console.take();
    client.store.set("data/probe/command", "flows=20 to=10.0.0.2:7 turn=2");
    net.run(Duration::seconds(2));
    CHECK(client.console.has("flows: pass 1: 20 of 20"));

    client.store.set("data/probe/command", "flows=many to=10.0.0.2:7");
    net.run(Duration::seconds(2));
    CHECK(client.node("data/probe/outcome").find("flows") != std::string::npos);
    CHECK(client.node("data/probe/stream/state") == "established");
}

TEST_CASE(
    "an ARP entry written into the store breaks the stream's path, and its removal heals it") {
    Net net;
    Machine server(2, net.clock, "address=vif0,10.0.0.2/24 echo=7");
    Machine client(1, net.clock, "address=vif0,10.0.0.1/24 ping=10.0.0.2");
    net::test::Wire wire(client.port, server.port);
    net.wire = &wire;
    net.machines = {&server, &client};
    net.run(Duration::seconds(3));
    client.store.set("data/net/arp/0/10-0-0-2", "02:16:3e:00:00:99 1700009999");
    net.run(Duration::seconds(3));
    CHECK(client.console.has("no answer"));
    client.store.remove("data/net/arp/0/10-0-0-2");
    net.run(Duration::seconds(2));
    client.console.take();
    net.run(Duration::seconds(3));
    CHECK(!client.console.has("no answer"));
}

TEST_CASE("names to resolve may stand in the store, and change there") {
    Net net;
    Machine server(2, net.clock, "address=vif0,10.0.0.2/24");
    Machine client(
        1, net.clock,
        "address=vif0,10.0.0.1/24 resolver=10.0.0.2 resolve=@/names timeout=10ms tries=1");
    net::test::Wire wire(client.port, server.port);
    net.wire = &wire;
    net.machines = {&server, &client};
    net.run(Duration::milliseconds(100));
    CHECK(client.console.lines.empty());
    client.store.set("/names", "a.example\nb.example");
    net.run(Duration::milliseconds(100));
    CHECK(client.console.has("resolve b.example: no answer"));
    client.store.set("/names", "..");
    net.run(Duration::milliseconds(100));
    CHECK(client.console.has("resolve: the names in the store: \"..\" is not a host name"));
}

TEST_CASE("a former guest's ARP entries are used from the start") {
    Net net;
    std::vector<std::uint8_t> saved;
    rt::append_saved_entry(saved, {"arp/0/10-0-0-2", "02:16:3e:00:00:02 1700009999"});
    rt::append_saved_entry(saved, {"nat/udp/1", "x"});
    Machine client(1, net.clock, "address=vif0,10.0.0.1/24 ping=10.0.0.2", saved);
    client.guest->run(net.clock.now());
    std::size_t echoes = 0;
    for (const auto& frame : client.port.take_sent())
        echoes += net::test::Parsed::read(frame).has_value();
    CHECK(echoes == 1);
}

TEST_CASE("a probe without a task asks for no further turn") {
    net::test::TestClock clock;
    Machine machine(1, clock, "address=vif0,10.0.0.1/24 echo=7");
    Instant next = clock.now();
    for (int turns = 0; next != Instant::never() && turns < 30; ++turns) {
        if (next > clock.now()) clock.advance(next - clock.now());
        machine.store.run();
        next = machine.guest->run(clock.now());
    }
    CHECK(next == Instant::never());
    CHECK(machine.node("data/ready") == "1");
}
