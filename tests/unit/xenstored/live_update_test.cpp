#include "xenstored/live_update.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "harness.hpp"
#include "temporary_directory.hpp"
#include "xenstored/control_commands.hpp"
#include "xenstored/program_probe.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

struct Updating : Lab {
    TemporaryDirectory directory;
    Poller poller = *Poller::create();
    ControlCommands commands{server, std::nullopt};
    std::vector<LiveUpdate::Order> became;
    bool settled = true;
    LiveUpdate update{server, poller,
                      [this](const LiveUpdate::Order& order) {
                          became.push_back(order);
                          return std::string("it would have been");
                      },
                      [this] { return settled; }};
    SocketClient tool = socket();
    SocketClient other = socket();

    Updating() { commands.set_live_update(update); }

    std::string program(const std::string& says) {
        const std::string path = directory.file("program");
        std::ofstream(path) << "#!/bin/sh\nprintf '%s\\n' '" << says << "'\n";
        ::chmod(path.c_str(), 0755);
        return path;
    }
    std::string ask(SocketClient& client, std::initializer_list<std::string_view> words) {
        std::string payload = parts({"live-update"}) + parts(words);
        return client.ask(MessageType::control, payload);
    }
    // Until the program has said what it is.
    void probe() {
        while (update.next_deadline() > clock.now() + std::chrono::seconds(1)) {
            poller.wait(std::nullopt);
            update.probe_ready();
        }
    }
    std::string answer(SocketClient& client) {
        serve(client);
        if (client.received.empty()) return "nothing";
        const std::string text = shown(client.received.front().payload);
        client.received.clear();
        return text;
    }
};

}  // namespace

TEST_CASE("the steps of a live update answer as C's do") {
    Updating lab;
    const std::string program = lab.program("--take-over");
    CHECK(lab.ask(lab.tool, {}) == "!EINVAL");
    CHECK(lab.ask(lab.tool, {"-x"}) == "!EINVAL");
    CHECK(lab.ask(lab.tool, {"-f", "/no/such"}) == "File not accessible.|");
    CHECK(lab.ask(lab.tool, {"-f", "/etc/passwd"}) == "File not executable.|");
    CHECK(lab.ask(lab.tool, {"-s"}) == "Not in live-update session.|");
    CHECK(lab.ask(lab.tool, {"-c", "-N"}) == "Not in live-update session.|");
    CHECK(lab.ask(lab.tool, {"-a"}) == "No live-update session active.|");
    CHECK(lab.ask(lab.tool, {"-f", program}) == "OK|");
    CHECK(lab.ask(lab.other, {"-f", program}) == "live-update session already active.|");
    CHECK(lab.ask(lab.other, {"-s"}) == "Not in live-update session.|");
    CHECK(lab.ask(lab.tool, {"-s", "-t"}) == "!EINVAL");
    CHECK(lab.ask(lab.tool, {"-s", "-v", "3"}) == "Migration stream version not supported.|");
    CHECK(lab.ask(lab.tool, {"-c", "-N -E 5"}) == "OK|");
    CHECK(lab.ask(lab.tool, {"-a"}) == "OK|");
    CHECK(lab.ask(lab.tool, {"-f", program}) == "OK|");
    lab.server.disconnect(lab.tool.id());
    CHECK(lab.ask(lab.other, {"-f", program}) == "OK|");
}

TEST_CASE("the program is told what was ordered, and who failed to become it goes on") {
    Updating lab;
    const std::string c = "xenstored <options> --entry-nb";
    CHECK(lab.ask(lab.tool, {"-f", lab.program(c)}) == "OK|");
    CHECK(lab.ask(lab.tool, {"-c", "-N -E 5"}) == "OK|");
    CHECK(lab.ask(lab.tool, {"-s", "-t", "60", "-v", "2"}) == "nothing");
    lab.update.step();
    CHECK(lab.became.empty());
    lab.probe();
    lab.settled = false;
    lab.update.step();
    CHECK(lab.became.empty());
    lab.settled = true;
    lab.update.step();
    REQUIRE(lab.became.size() == 1);
    CHECK_FALSE(lab.became[0].to_ours);
    CHECK(lab.became[0].arguments == std::vector<std::string>{"-N", "-E", "5"});
    CHECK(lab.became[0].version == 2);
    CHECK(lab.became[0].client == lab.tool.id());
    CHECK(lab.answer(lab.tool) == "it would have been|");
    CHECK(lab.tool.start() == 1);
    CHECK(lab.update.next_deadline() == Moment::max());
}

TEST_CASE("a program that says nothing, or what no xenstored says, is not started") {
    Updating lab;
    lab.ask(lab.tool, {"-f", lab.program("usage: something else")});
    lab.ask(lab.tool, {"-s"});
    while (lab.update.next_deadline() != Moment::max()) {
        lab.poller.wait(std::nullopt);
        lab.update.probe_ready();
    }
    CHECK(lab.answer(lab.tool).contains("is no xenstored that can take over"));

    std::ofstream(lab.directory.file("silent")) << "#!/bin/sh\nexec sleep 1000\n";
    ::chmod(lab.directory.file("silent").c_str(), 0755);
    lab.ask(lab.tool, {"-f", lab.directory.file("silent")});
    lab.ask(lab.tool, {"-s"});
    lab.clock.advance(std::chrono::seconds(10));
    lab.update.step();
    CHECK(lab.answer(lab.tool).contains("does not answer"));
    CHECK(lab.became.empty());
}

TEST_CASE("open transactions are waited for, and nobody begins another") {
    Updating lab;
    RingClient guest = lab.domain(5);
    const auto open = guest.start();
    lab.ask(lab.tool, {"-f", lab.program("--take-over")});
    CHECK(lab.ask(lab.tool, {"-s", "-t", "60"}) == "nothing");
    lab.probe();
    lab.update.step();
    CHECK(lab.became.empty());
    CHECK(guest.start() != 0);  // it has one, so it may have another
    lab.other.send(encoded(MessageType::transaction_start, std::string_view("\0", 1), 0));
    lab.other.send(encoded(MessageType::read, parts({"/tool"}), 0));
    lab.serve(lab.other);
    CHECK(lab.other.received.empty());
    CHECK(guest.abort(open) == "OK|");
    CHECK(guest.abort(open + 1) == "OK|");
    CHECK(guest.commit(1) == "!ENOENT");
    lab.update.step();
    REQUIRE(lab.became.size() == 1);
    CHECK(lab.became[0].to_ours);
    lab.serve(lab.other);
    CHECK(lab.other.received.size() == 2);  // since the update failed
}

TEST_CASE("after the timeout those in the way are named, or overruled") {
    Updating lab;
    RingClient guest = lab.domain(5);
    guest.start();
    const std::string program = lab.program("--take-over");
    lab.ask(lab.tool, {"-f", program});
    lab.ask(lab.tool, {"-s", "-t", "30"});
    lab.probe();
    lab.clock.advance(std::chrono::seconds(29));
    lab.update.step();
    CHECK(lab.answer(lab.tool) == "nothing");
    lab.clock.advance(std::chrono::seconds(1));
    lab.update.step();
    CHECK(lab.answer(lab.tool) == "Domains with long running transactions:\nDomain 5: 30 s|");
    CHECK(lab.became.empty());
    lab.ask(lab.tool, {"-f", program});
    lab.ask(lab.tool, {"-s", "-t", "30", "-F"});
    lab.probe();
    lab.clock.advance(std::chrono::seconds(30));
    lab.update.step();
    CHECK(lab.became.size() == 1);
}

TEST_CASE("C is not started while a domain without a ring owns a node") {
    Updating lab;
    lab.make(5);
    lab.other.write("/half/built", "1");
    lab.other.set_perms("/half/built", "n5");
    lab.ask(lab.tool, {"-f", lab.program("xenstored <options> --entry-nb")});
    lab.ask(lab.tool, {"-s", "-F"});
    lab.probe();
    lab.update.step();
    CHECK(lab.answer(lab.tool).contains("Domain 5"));
    CHECK(lab.became.empty());
}

TEST_CASE("C is not started while there are what-if branches, unless that is forced") {
    Updating lab;
    lab.other.ask(MessageType::control, parts({"branch", "try"}));
    const std::string c = lab.program("xenstored <options> --entry-nb");
    for (const bool force : {false, true}) {
        CHECK(lab.ask(lab.tool, {"-f", c}) == "OK|");
        lab.ask(lab.tool, force ? std::initializer_list<std::string_view>{"-s", "-F"}
                                : std::initializer_list<std::string_view>{"-s"});
        lab.probe();
        lab.update.step();
        CHECK(lab.became.size() == (force ? 1 : 0));
        CHECK(lab.answer(lab.tool) ==
              (force ? "it would have been|"
                     : "What-if branches, which this program cannot take:\ntry|"));
    }
    CHECK(lab.ask(lab.tool, {"-f", lab.program("--take-over")}) == "OK|");
    lab.ask(lab.tool, {"-s"});
    lab.probe();
    lab.update.step();
    CHECK(lab.became.size() == 2);
}

TEST_CASE("a client that goes takes its update with it") {
    Updating lab;
    lab.ask(lab.tool, {"-f", lab.program("--take-over")});
    lab.ask(lab.tool, {"-s", "-t", "60"});
    lab.probe();
    lab.server.disconnect(lab.tool.id());
    lab.update.step();
    CHECK(lab.became.empty());
    CHECK(lab.other.start() == 1);
}
