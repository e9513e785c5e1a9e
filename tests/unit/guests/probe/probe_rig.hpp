#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../net/frames.hpp"
#include "../net/test_port.hpp"
#include "fake_store.hpp"
#include "net/interface.hpp"
#include "net/ipv4_stack.hpp"
#include "net/tcp_endpoint.hpp"
#include "probe/report.hpp"
#include "rt/console.hpp"

namespace stemma::probe::test {

using net::test::Bytes;
using net::test::ip;
using net::test::text_bytes;

class TestConsole final : public rt::Console {
  public:
    std::vector<std::string> lines;
    void line(std::string_view text) override { lines.emplace_back(text); }

    std::vector<std::string> take() { return std::exchange(lines, {}); }
    bool has(std::string_view part) const {
        for (const auto& line : lines) {
            if (line.find(part) != std::string::npos) return true;
        }
        return false;
    }
};

// A host with TCP, of which a rig has two.
struct Host {
    net::test::TestPort port;
    net::test::TestEntropy entropy;
    net::Interface interface;
    net::Ipv4Stack stack;
    net::TcpEndpoint tcp;

    Host(std::uint8_t last, const char* own)
        : port(net::test::mac(last)),
          entropy(last),
          interface(0, port, {*net::parse_interface(own), std::nullopt}, entropy),
          tcp(stack, entropy) {
        stack.add(interface);
    }
    void run(rt::Instant now) {
        stack.receive(now, 64);
        tcp.run(now);
        stack.run(now);
    }
};

// What a task under test needs, and the host at the other end of the wire.
struct Rig {
    net::test::TestClock clock;
    rt::FakeStore store;
    TestConsole console;
    Report report{store};
    Host here{1, "10.0.0.1/24"};
    Host there{2, "10.0.0.2/24"};
    net::test::Wire wire{here.port, there.port};

    // Runs both ends, `here` with the task, for some time in steps of a millisecond.
    template <typename Task>
    void run(Task& task, rt::Duration time) {
        const auto end = clock.now() + time;
        while (clock.now() < end) {
            step(task);
            clock.advance(rt::Duration::milliseconds(1));
        }
        report.run(clock.now() + rt::Duration::seconds(2));
        store.run();
    }
    template <typename Task>
    void step(Task& task) {
        here.stack.receive(clock.now(), 64);
        task.run(clock.now());
        here.run(clock.now());
        there.run(clock.now());
        serve();
        there.run(clock.now());
        wire.deliver();
    }
    // What the other end does.
    std::function<void()> serve = [] {};

    std::string node(std::string_view name) const {
        return store.value("data/probe/" + std::string(name)).value_or("(none)");
    }
};

}  // namespace stemma::probe::test
