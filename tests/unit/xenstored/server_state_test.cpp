// A daemon goes on where another one was: capture, the end of the process, restore.
#include <catch2/catch.hpp>
#include <random>

#include "harness.hpp"
#include "xenstored/control.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;

namespace {

struct Both : Lab {
    explicit Both(Server::Settings settings = {}) : Lab(settings) {}
    SocketClient tool = socket();
    RingClient guest = domain_with_home(5, tool);
};

class Deferring final : public Control {
  public:
    std::optional<Answer> command(ConnectionId, const xs::Header&, std::string_view) override {
        return std::nullopt;
    }
};

}  // namespace

TEST_CASE("after a restart the tree, its permissions and its edit numbers are what they were") {
    Both lab;
    lab.guest.write("name", "nat0");
    const auto before = lab.server.tree().head();
    lab.restart();
    CHECK(lab.server.tree().head().same(before));
    CHECK(lab.consistent());
    CHECK(lab.guest.read("name") == "nat0");
    CHECK(lab.guest.write("name", "nat1") == "OK|");
    const auto* const node = lab.server.tree().head().find("/local/domain/5/name");
    CHECK(node->generation() > before.find("/local/domain/5/name")->generation());
    CHECK(
        lab.server.tree().head().find("/local/domain/5/name")->permissions().entries()[0].domain ==
        5);
}

TEST_CASE("a restart tells a domain once and introduces nobody") {
    Both lab;
    lab.tool.watch("@introduceDomain", "i");
    lab.tool.watch("@releaseDomain", "r");
    lab.tool.take_events();
    const int notified = lab.guest.page->notified;
    lab.restart();
    lab.settle();
    CHECK(lab.guest.page->notified == notified + 1);
    CHECK(lab.guest.page->bound);
    CHECK(lab.tool.take_events().empty());
    CHECK(lab.tool.ask_path(MessageType::is_domain_introduced, "5") == "T|");
}

TEST_CASE("a half-read request is answered once it is whole") {
    Both lab;
    const std::string request = encoded(MessageType::write, std::string("/a\0value", 8), 0);
    for (std::size_t cut = 0; cut <= request.size(); ++cut) {
        lab.tool.send(request.substr(0, cut));
        if (cut < request.size()) lab.serve(lab.tool);
        lab.restart();
        lab.tool.send(request.substr(cut));
        lab.serve(lab.tool);
        REQUIRE(lab.tool.received.size() == 1);
        CHECK(lab.tool.received[0].header.type == MessageType::write);
        lab.tool.received.clear();
    }
}

TEST_CASE("a half-sent reply goes on at its next byte, and what was queued follows it") {
    Both lab;
    lab.tool.write("/a", "a long enough value");
    lab.tool.watch("/a", "w");
    lab.tool.take_events();
    for (std::size_t cut = 0; cut < 60; ++cut) {
        lab.tool.wire->room = cut;
        lab.tool.send(encoded(MessageType::read, std::string("/a\0", 3), 0));
        lab.server.serve(lab.tool.id());
        lab.settle();
        SocketClient other = lab.socket();
        other.write("/a", "a long enough value");
        lab.server.disconnect(other.id());
        lab.restart();
        lab.tool.wire->room = SIZE_MAX;
        lab.serve(lab.tool);
        REQUIRE(lab.tool.received.size() == 2);
        CHECK(lab.tool.received[0].payload == "a long enough value");
        CHECK(shown(lab.tool.received[1].payload) == "/a|w|");
        lab.tool.received.clear();
    }
}

TEST_CASE("watches fire after a restart, relative ones with relative paths, in their order") {
    Both lab;
    lab.guest.watch("b", "1");
    lab.guest.watch("/local/domain/5", "2");
    lab.guest.watch("b", "3");
    lab.guest.unwatch("/local/domain/5", "2");
    lab.guest.watch("/local/domain/5", "4");
    lab.guest.take_events();
    lab.restart();
    lab.tool.write("/local/domain/5/b", "x");
    CHECK(lab.guest.take_events() ==
          std::vector<std::string>{"b|1|", "b|3|", "/local/domain/5/b|4|"});
    CHECK(lab.guest.watch("b", "3") == "!EEXIST");
}

TEST_CASE("a watch keeps its depth over a restart") {
    Both lab;
    CHECK(lab.guest.ask(MessageType::watch, parts({"d", "t", "0"})) == "OK|");
    lab.guest.take_events();
    lab.restart();
    lab.guest.write("d/deeper", "x");
    CHECK(lab.guest.take_events().empty());
}

TEST_CASE("a transaction open at a restart answers until its end, and that is EAGAIN") {
    Both lab;
    lab.tool.write("/a", "old");
    const auto committed = lab.tool.start();
    const auto aborted = lab.tool.start();
    lab.tool.write("/a", "new", committed);
    lab.restart();
    CHECK(lab.tool.read("/a", committed) == "old");
    CHECK(lab.tool.write("/b/c", "1", committed) == "OK|");
    CHECK(lab.tool.mkdir("/made", committed) == "OK|");
    CHECK(lab.tool.set_perms("/made", "n0", committed) == "OK|");
    CHECK(lab.tool.rm("/made/below", committed) == "OK|");
    CHECK(lab.tool.commit(committed) == "!EAGAIN");
    CHECK(lab.tool.commit(committed) == "!ENOENT");
    CHECK(lab.tool.abort(aborted) == "OK|");
    CHECK(lab.tool.read("/b/c") == "!ENOENT");
    CHECK(lab.tool.start() == aborted + 1);
}

TEST_CASE("a domain that died meanwhile is told of, and what it owned is gone") {
    Both lab;
    lab.guest.write("name", "nat0");
    lab.tool.watch("@releaseDomain", "r");
    lab.tool.watch("/local/domain/5/name", "n");
    lab.tool.take_events();
    lab.restart([&] { lab.hypervisor.pages.erase(5); });
    CHECK(lab.tool.take_events() ==
          std::vector<std::string>{"/local/domain/5/name|n|", "@releaseDomain|r|"});
    CHECK(lab.tool.read("/local/domain/5") == "!ENOENT");
    CHECK(lab.tool.ask_path(MessageType::is_domain_introduced, "5") == "F|");
    CHECK(lab.consistent());
}

TEST_CASE("a domid that another domain has meanwhile is not taken for the old one") {
    Both lab;
    lab.tool.write("/secret", "s");
    lab.tool.set_perms("/secret", "n0 r5");
    lab.tool.watch("@releaseDomain", "r");
    lab.tool.take_events();
    std::shared_ptr<Page> page;
    lab.restart([&] { page = lab.make(5); });
    CHECK(lab.tool.take_events() == std::vector<std::string>{"@releaseDomain|r|"});
    CHECK_FALSE(page->bound);
    RingClient again = lab.domain(5);
    CHECK(again.read("/secret") == "!EACCES");
}

TEST_CASE("permissions mean the same domains after a restart") {
    Both lab;
    lab.kill(5);
    RingClient second = lab.domain(5);
    lab.tool.write("/for", "5");
    lab.tool.set_perms("/for", "n0 r5");
    lab.restart();
    CHECK(second.read("/for") == "5");
    lab.kill(5);
    RingClient third = lab.domain(5);
    CHECK(third.read("/for") == "!EACCES");
}

TEST_CASE("what was set for domains stays set: quotas, features, target, shutdown told") {
    Both lab;
    RingClient model = lab.domain(6);
    lab.tool.ask(MessageType::set_target, parts({"6", "5"}));
    lab.tool.ask(MessageType::set_quota, parts({"5", "watches", "77"}));
    lab.tool.ask(MessageType::set_quota, parts({"soft-memory", "4242"}));
    lab.make(7);
    lab.tool.ask(MessageType::set_feature, parts({"7", "1"}));
    lab.tool.watch("@releaseDomain", "r");
    lab.server.domain_shut_down(5);
    lab.tool.take_events();
    lab.restart();
    CHECK(lab.tool.ask(MessageType::get_quota, parts({"5", "watches"})) == "77|");
    CHECK(lab.tool.ask(MessageType::get_quota, parts({"6", "watches"})) == "128|");
    CHECK(lab.tool.ask(MessageType::get_quota, parts({"soft-memory"})) == "4242|");
    CHECK(lab.tool.ask(MessageType::get_feature, parts({"7"})) == "1|");
    CHECK(model.write("/local/domain/5/by-target", "x") == "OK|");
    lab.server.domain_shut_down(5);
    CHECK(lab.tool.take_events().empty());
}

TEST_CASE("a quarantined domain stays so, and its end is told") {
    Both lab;
    lab.guest.page->bytes[xs::ring_page::request_producer + 3] = std::byte{0x7f};
    lab.server.domain_notified(5);
    lab.settle();
    REQUIRE(lab.guest.page->muted);
    lab.tool.watch("@releaseDomain", "r");
    lab.tool.take_events();
    lab.restart();
    lab.server.domain_notified(5);
    lab.settle();
    CHECK_FALSE(lab.guest.page->bound);
    lab.kill(5);
    CHECK(lab.tool.take_events() == std::vector<std::string>{"@releaseDomain|r|"});
}

TEST_CASE("a ring that cannot be bound again is ignored until the domain is introduced again") {
    Both lab;
    lab.restart([&] { lab.hypervisor.store_port = 2; });
    lab.settle();
    CHECK_FALSE(lab.guest.page->bound);
    CHECK(lab.tool.ask_path(MessageType::is_domain_introduced, "5") == "T|");
    CHECK(lab.tool.ask(MessageType::introduce, parts({"5", "0", "2"})) == "OK|");
    CHECK(lab.guest.page->bound);
    lab.restart();
    lab.settle();
    CHECK(lab.guest.page->bound);
    CHECK(lab.guest.write("alive", "1") == "OK|");
}

TEST_CASE("a request whose answer was deferred answers EAGAIN, and the next one is served") {
    Both lab;
    Deferring control;
    lab.server.set_control(&control);
    lab.tool.send(encoded(MessageType::control, parts({"snapshot", "x"}), 0, 31));
    lab.tool.send(encoded(MessageType::read, std::string("/tool\0", 6), 0, 32));
    lab.serve(lab.tool);
    CHECK(lab.tool.received.empty());
    lab.restart();
    lab.serve(lab.tool);
    REQUIRE(lab.tool.received.size() == 2);
    CHECK(lab.tool.received[0].header.request_id == 31);
    CHECK(shown(lab.tool.received[0].payload) == "EAGAIN|");
    CHECK(lab.tool.received[1].header.request_id == 32);
}

TEST_CASE("a socket that nobody has any more is closed, with its watches") {
    Both lab;
    lab.tool.watch("/a", "w");
    lab.tool.wire->descriptor = 1000;
    lab.restart();
    CHECK_FALSE(lab.tool.wire->alive);
    CHECK(lab.server.connections().watches().size() == 0);
    SocketClient next = lab.socket();
    CHECK(next.id().value > lab.tool.id().value);
}

TEST_CASE("requests that a ring took while no daemon was there are found without a notification") {
    Both lab;
    lab.restart([&] {
        const std::string request = encoded(MessageType::write, std::string("late\0x", 6), 0);
        REQUIRE(lab.guest.ring.write(std::as_bytes(std::span(request))) == request.size());
    });
    lab.settle();
    CHECK(lab.tool.read("/local/domain/5/late") == "x");
}

TEST_CASE("a guest that asked for a new start while no daemon was there gets one") {
    Both lab;
    lab.guest.watch("a", "w");
    lab.restart([&] {
        lab.guest.ring.set_word(xs::ring_page::connection,
                                static_cast<std::uint32_t>(xs::RingConnection::reconnect));
    });
    lab.settle();
    CHECK(lab.guest.ring.word(xs::ring_page::connection) ==
          static_cast<std::uint32_t>(xs::RingConnection::connected));
    CHECK(lab.server.connections().watches().size() == 0);
}

TEST_CASE("what is captured after a restart is what was captured before it") {
    Both lab;
    lab.guest.watch("a", "w");
    lab.guest.start();
    lab.tool.ask(MessageType::set_quota, parts({"5", "nodes", "9"}));
    const State before = lab.server.capture();
    lab.restart();
    const State after = lab.server.capture();
    CHECK(after.tree.same(before.tree));
    CHECK(after.last_edit == before.last_edit);
    CHECK(after.last_generation == before.last_generation);
    CHECK(after.last_connection == before.last_connection);
    REQUIRE(after.domains.size() == before.domains.size());
    for (const auto& [id, domain] : before.domains) {
        CHECK(after.domains.at(id).ref == domain.ref);
        CHECK(after.domains.at(id).handle == domain.handle);
        CHECK(after.domains.at(id).quotas == domain.quotas);
        CHECK(after.domains.at(id).connection == domain.connection);
    }
    REQUIRE(after.connections.size() == before.connections.size());
    for (const auto& [id, client] : before.connections) {
        CHECK(after.connections.at(id).transactions == client.transactions);
        CHECK(after.connections.at(id).watches.size() == client.watches.size());
        CHECK(after.connections.at(id).ring.has_value() == client.ring.has_value());
    }
}
