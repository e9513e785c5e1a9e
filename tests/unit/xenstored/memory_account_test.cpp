// What a guest makes the daemon hold, and what happens at the limit.
#include "xenstored/memory_account.hpp"

#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

class Lines final : public Log {
  public:
    void say(Severity severity, std::string_view text) override {
        lines.push_back(std::to_string(static_cast<int>(severity)) + " " + std::string(text));
    }
    std::vector<std::string> take() { return std::exchange(lines, {}); }
    std::vector<std::string> lines;
};

struct Guest {
    Lab lab;
    Lines log;
    SocketClient tool = lab.socket();
    RingClient guest = lab.domain(5);

    Guest() {
        lab.server.set_log(log);
        tool.mkdir("/g");
        tool.set_perms("/g", "b5");
    }
    const Connection& connection() {
        return *lab.server.connections().find(lab.server.domains().find(5)->connection);
    }
    std::size_t bytes() { return lab.server.memory().of(connection()); }
    void limit(std::string_view name, std::size_t value) {
        lab.server.domains().set_limit(*find_quota(name), value);
        lab.server.limits_changed();
        lab.settle();
    }
};

}  // namespace

TEST_CASE("nodes count with their record and path, as C counts them") {
    Guest g;
    const std::size_t top = 24 + 8 + 2;
    CHECK(g.bytes() == top);
    g.guest.write("/g/ab", "12345");
    CHECK(g.bytes() == top + 3 + 24 + 8 + 5 + 5);  // the name in the parent, then the node
    g.guest.write("/g/ab", "1");
    CHECK(g.bytes() == top + 3 + 24 + 8 + 5 + 1);
    g.guest.set_perms("/g/ab", "n5 r0 r1");
    CHECK(g.bytes() == top + 3 + 24 + 24 + 5 + 1);
    g.guest.rm("/g/ab");
    CHECK(g.bytes() == top);
    g.tool.set_perms("/g", "b0 b5");  // domain 0's now
    CHECK(g.bytes() == 0);
    CHECK(g.lab.consistent());
}

TEST_CASE("watches, transactions and what waits count as well, and end with the connection") {
    Guest g;
    const std::size_t before = g.bytes();
    g.guest.watch("/g", "token");
    g.guest.take_events();
    CHECK(g.bytes() == before + 7);
    const auto id = g.guest.start();
    g.guest.write("/g/in", std::string(500, 'x'), id);
    CHECK(g.bytes() > before + 7 + 1000);  // the request and the node it makes
    g.guest.commit(id);
    g.guest.rm("/g/in");
    g.guest.take_events();
    CHECK(g.bytes() == before + 7);
    g.guest.held_back = 1;
    for (int i = 0; i < 40; ++i)
        g.tool.write("/g/event" + std::to_string(i), "");
    CHECK(g.connection().out.bytes() > 0);
    CHECK(g.bytes() == static_cast<std::size_t>(
                           g.lab.server.tree().counts().of(g.connection().caller.domain).bytes) +
                           7 + g.connection().out.bytes());
    g.lab.kill(5);
    CHECK(g.lab.server.tree().counts() == NodeCounts::of_tree(g.lab.server.tree().head().root()));
}

TEST_CASE("a write, a watch or an END that would reach the limit is refused and changes nothing") {
    Guest g;
    g.limit("memory", 2000);
    CHECK(g.guest.write("/g/a", std::string(1000, 'x')) == "OK|");
    CHECK(g.guest.write("/g/b", std::string(1000, 'x')) == "!EIO");  // as C, where one is made
    CHECK(g.guest.read("/g/b") == "!ENOENT");
    CHECK(g.guest.watch("/g", std::string(950, 't')) == "!ENOMEM");
    CHECK(g.lab.server.connections().watches().size() == 0);
    CHECK(g.guest.read("/g/a") == "!ENOMEM");  // the reply would wait
    CHECK(g.guest.write("/g/a", "less") == "OK|");
    CHECK(g.guest.write("/g/b", std::string(1000, 'x')) == "OK|");

    const auto id = g.guest.start();
    g.guest.write("/g/c", std::string(300, 'x'), id);
    g.guest.write("/g/d", std::string(300, 'x'), id);
    CHECK(g.guest.commit(id) == "!ENOMEM");
    CHECK(g.guest.read("/g/c") == "!ENOENT");
    CHECK(g.lab.consistent());
}

TEST_CASE("a domain at its limit is read no more until it is below it, and the log says so once") {
    Guest g;
    g.guest.write("/g/big", std::string(1500, 'x'));
    CHECK(g.log.take().empty());
    g.limit("memory", 1000);  // as if domain 0 had given it nodes
    CHECK(g.guest.ask_path(MessageType::get_domain_path, "5") == "nothing");
    CHECK(g.guest.ask_path(MessageType::get_domain_path, "5") == "nothing");
    CHECK(
        g.log.take() ==
        std::vector{"3 Domain 5 exceeds hard memory quota, Xenstore interface to domain stalled"s});
    CHECK(g.tool.rm("/g/big") == "OK|");  // domain 0 helps
    g.guest.receive();
    CHECK(g.guest.received.size() == 2);
    g.guest.received.clear();
    CHECK(g.log.take() == std::vector{"6 Domain 5 below hard memory quota again"s});
    CHECK(g.guest.write("/g/small", "1") == "OK|");
}

TEST_CASE("a raised quota lets a stalled domain go on") {
    Guest g;
    g.guest.write("/g/big", std::string(1500, 'x'));
    g.limit("memory", 1000);
    CHECK(g.guest.ask_path(MessageType::get_domain_path, "5") == "nothing");
    CHECK(g.tool.ask(MessageType::set_quota, "5\0memory\0"s + "100000\0"s) == "OK|");
    g.guest.receive();
    CHECK(g.guest.received.size() == 1);
}

TEST_CASE("the soft limit is said when it is crossed, and binds nobody") {
    Guest g;
    g.limit("soft-memory", 1000);
    for (int i = 0; i < 3; ++i) {
        CHECK(g.guest.write("/g/a", std::string(1200, 'x')) == "OK|");
        CHECK(g.guest.write("/g/a", std::string(800, 'x')) == "OK|");  // sways about it
    }
    CHECK(g.log.take() == std::vector{"4 Domain 5 exceeds soft memory quota"s});
    g.guest.write("/g/a", "");
    CHECK(g.log.take() == std::vector{"6 Domain 5 below soft memory quota again"s});
}

TEST_CASE("a request counts as outstanding until the events it caused are taken") {
    Guest g;
    g.limit("outstanding", 5);
    auto idle = g.lab.domain(6);
    g.tool.mkdir("/shared");
    g.tool.set_perms("/shared", "b0");
    idle.watch("/shared", "t");
    idle.take_events();
    idle.held_back = 1;
    // The ring takes what fits; fill it, so that events stay in the queue.
    for (int i = 0; i < 60; ++i)
        g.tool.write("/shared/filler" + std::to_string(i), "");
    int answered = 0;
    while (answered < 20 && g.guest.write("/shared/n" + std::to_string(answered), "") == "OK|")
        ++answered;
    CHECK(answered == 5);
    CHECK(g.connection().outstanding->count() == 5);
    CHECK(g.tool.write("/still", "served") == "OK|");
    idle.held_back = 0;
    for (int i = 0; i < 5; ++i)
        idle.receive();
    g.guest.receive();
    CHECK(g.connection().outstanding->count() == 0);
    CHECK(g.guest.received.size() == 1);  // the sixth was waiting in the ring

    SECTION("... or have gone with their receiver") {
        idle.held_back = 1;
        for (int i = 60; i < 120; ++i)
            g.tool.write("/shared/filler" + std::to_string(i), "");
        for (int i = 0; i < 5; ++i)
            g.guest.write("/shared/m" + std::to_string(i), "");
        CHECK(g.connection().outstanding->count() == 5);
        g.lab.kill(6);
        CHECK(g.connection().outstanding->count() == 0);
        CHECK(g.guest.write("/shared/last", "") == "OK|");
    }
    SECTION("... or have been too old") {
        idle.held_back = 1;
        for (int i = 60; i < 120; ++i)
            g.tool.write("/shared/filler" + std::to_string(i), "");
        for (int i = 0; i < 5; ++i)
            g.guest.write("/shared/m" + std::to_string(i), "");
        g.lab.clock.advance(std::chrono::seconds(20));
        g.lab.server.expire();
        CHECK(g.connection().outstanding->count() == 0);
    }
}
