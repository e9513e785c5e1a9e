#include "xenstored/server.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "harness.hpp"
#include "xenstored/control.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

TEST_CASE("an operation nobody knows is ENOSYS, and the connection lives") {
    Lab lab;
    auto tool = lab.socket();
    for (const std::uint32_t type : {15u, 16u, 20u, 27u, 1000u, 0xffffffffu}) {
        CHECK(tool.ask(static_cast<MessageType>(type), "x\0"s) == "!ENOSYS");
    }
    CHECK(tool.write("/a", "1") == "OK|");
}

TEST_CASE("a reply carries the request's ids") {
    Lab lab;
    auto tool = lab.socket();
    tool.send(encoded(MessageType::read, "/\0"s, 0, 0xabcd));
    tool.send(encoded(MessageType::read, "/\0"s, 77, 0xabce));
    lab.serve(tool);
    REQUIRE(tool.received.size() == 2);
    CHECK(tool.received[0].header.request_id == 0xabcd);
    CHECK(tool.received[1].header.request_id == 0xabce);
    CHECK(tool.received[1].header.transaction_id == 77);
    CHECK(tool.received[1].header.type == MessageType::error);
}

TEST_CASE("a socket client that announces too much is closed") {
    Lab lab;
    auto tool = lab.socket();
    tool.send(std::string(12, '\0').append("\xff\xff\0\0"s));
    lab.serve(tool);
    CHECK_FALSE(tool.wire->alive);
    CHECK(lab.server.connections().size() == 0);
}

TEST_CASE("what a client left behind goes with it") {
    Lab lab;
    auto tool = lab.socket();
    auto other = lab.socket();
    tool.watch("/", "t");
    const auto id = tool.start();
    tool.write("/a", "1", id);
    tool.wire->closed_by_client = true;
    lab.serve(tool);
    CHECK_FALSE(tool.wire->alive);
    CHECK(lab.server.connections().watches().size() == 0);
    CHECK(other.read("/a") == "!ENOENT");
    CHECK(other.write("/a", "1") == "OK|");
}

TEST_CASE("a client with much to ask has its turn, then the others have theirs") {
    Lab lab;
    auto busy = lab.socket();
    auto other = lab.socket();
    for (int i = 0; i < 100; ++i)
        busy.send(encoded(MessageType::write, "/busy\0x"s, 0));
    other.send(encoded(MessageType::read, "/busy\0"s, 0));
    lab.server.serve(busy.id());
    lab.server.serve(other.id());
    lab.server.run_turns();
    CHECK(lab.server.stats().requests == Server::requests_per_turn + 1);
    CHECK(lab.server.has_turns_due());
    lab.settle();
    CHECK(lab.server.stats().requests == 101);
}

TEST_CASE("a client that does not read is not read either, until it does") {
    Lab lab;
    auto slow = lab.socket();
    auto tool = lab.socket();
    tool.write("/big", std::string(4000, 'x'));
    slow.wire->room = 0;
    for (int i = 0; i < 500; ++i)
        slow.send(encoded(MessageType::read, "/big\0"s, 0));
    lab.serve(slow);
    CHECK(lab.server.connections().find(slow.id())->out.bytes() <= socket_reply_backlog + 4200);
    CHECK_FALSE(slow.wire->readable_wanted);
    CHECK(slow.wire->writable_wanted);
    slow.wire->room = SIZE_MAX;
    lab.serve(slow);
    CHECK(slow.received.size() == 500);
    CHECK(slow.wire->readable_wanted);
    CHECK_FALSE(slow.wire->writable_wanted);
}

TEST_CASE("bytes may come one by one") {
    Lab lab;
    auto tool = lab.socket();
    const std::string bytes =
        encoded(MessageType::write, "/a\0value"s, 0) + encoded(MessageType::read, "/a\0"s, 0);
    for (const char byte : bytes) {
        tool.send({&byte, 1});
        lab.serve(tool);
    }
    REQUIRE(tool.received.size() == 2);
    CHECK(tool.received[1].payload == "value");
}

namespace {

class LateControl final : public Control {
  public:
    std::optional<Answer> command(ConnectionId client, const xs::Header& header,
                                  std::string_view payload) override {
        if (payload == "now\0"s) return Answer("done\0"s);
        waiting.emplace_back(client, header);
        return std::nullopt;
    }
    std::vector<std::pair<ConnectionId, xs::Header>> waiting;
};

}  // namespace

TEST_CASE("replies stay in order behind one that takes its time") {
    Lab lab;
    LateControl control;
    lab.server.set_control(&control);
    auto tool = lab.socket();
    auto other = lab.socket();
    tool.send(encoded(MessageType::control, "now\0"s, 0));
    tool.send(encoded(MessageType::control, "later\0"s, 0));
    tool.send(encoded(MessageType::write, "/a\0x"s, 0));
    lab.serve(tool);
    CHECK(tool.received.size() == 1);
    CHECK_FALSE(tool.wire->readable_wanted);
    CHECK(other.write("/b", "1") == "OK|");
    CHECK(other.read("/a") == "!ENOENT");
    REQUIRE(control.waiting.size() == 1);
    lab.server.answer_deferred(tool.id(), control.waiting[0].second, "late\0"s);
    lab.settle();
    tool.receive();
    REQUIRE(tool.received.size() == 3);
    CHECK(shown(tool.received[1].payload) == "late|");
    CHECK(tool.received[2].header.type == MessageType::write);
    CHECK(tool.wire->readable_wanted);
    lab.server.answer_deferred(tool.id(), control.waiting[0].second, "twice\0"s);
    lab.settle();
    tool.receive();
    CHECK(tool.received.size() == 3);
}

TEST_CASE("a client that hangs up while it waits is closed at once") {
    Lab lab;
    LateControl control;
    lab.server.set_control(&control);
    auto tool = lab.socket();
    tool.send(encoded(MessageType::control, "later\0"s, 0));
    lab.serve(tool);
    tool.wire->closed_by_client = true;
    lab.server.hung_up(tool.id());
    lab.settle();
    CHECK_FALSE(tool.wire->alive);
}

TEST_CASE("an answer for a client that has gone is dropped") {
    Lab lab;
    LateControl control;
    lab.server.set_control(&control);
    auto tool = lab.socket();
    tool.send(encoded(MessageType::control, "later\0"s, 0));
    lab.serve(tool);
    tool.wire->closed_by_client = true;
    lab.server.disconnect(tool.id());
    lab.settle();
    auto next = lab.socket();
    lab.server.answer_deferred(tool.id(), control.waiting[0].second, "late\0"s);
    lab.settle();
    next.receive();
    CHECK(next.received.empty());
}

TEST_CASE("history is told of each visible change, and of nothing else") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    tool.read("/");
    tool.mkdir("/tool");
    tool.rm("/none");
    tool.write("/a//", "1");
    guest.write("/a", "1");
    CHECK(lab.history.entries.empty());
    tool.write("/a/b", "1");
    tool.write("/a/b", "1");
    tool.set_perms("/a", "b5");
    guest.write("/a/c", "1");
    const auto id = tool.start();
    tool.write("/x", "1", id);
    tool.write("/y", "1", id);
    CHECK(lab.history.entries.size() == 4);
    tool.commit(id);
    REQUIRE(lab.history.entries.size() == 5);
    CHECK(lab.history.entries[3].domain == 5);
    CHECK(lab.history.entries[3].one_write);
    CHECK_FALSE(lab.history.entries[4].one_write);
    CHECK(lab.history.entries[4].paths == std::vector{"/x"s, "/y"s});
}
