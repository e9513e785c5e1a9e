// Fairness, counted in requests and in effort: nothing here looks at a clock but the one set by
// hand.
#include <catch2/catch.hpp>

#include "harness.hpp"

using namespace stemma;
using namespace stemma::xenstored;
using namespace stemma::xenstored::test;
using namespace std::string_literals;

namespace {

std::string write_request(const std::string& path) {
    return encoded(MessageType::write, path + '\0' + "x", 0);
}

// One turn of the loop, in which every client with something to say is ready.
void turn(Lab& lab, std::initializer_list<Client*> ready) {
    for (Client* client : ready)
        lab.server.serve(client->id());
    lab.server.run_turns();
    lab.server.flush();
    for (Client* client : ready)
        client->receive();
}

}  // namespace

TEST_CASE("a request waits for one turn of each other client, whatever they have sent") {
    Lab lab;
    std::vector<SocketClient> floods;
    for (int i = 0; i < 5; ++i) {
        floods.push_back(lab.socket());
        for (int n = 0; n < 2000; ++n)
            floods.back().send(write_request("/flood" + std::to_string(i)));
    }
    auto quiet = lab.socket();
    for (SocketClient& flood : floods)
        lab.server.serve(flood.id());
    for (int round = 0; round < 20; ++round) {
        const std::uint64_t before = lab.server.stats().requests;
        quiet.send(encoded(MessageType::read, "/\0"s, 0));
        turn(lab, {&quiet});
        REQUIRE(quiet.received.size() == 1);  // answered in the turn in which it came
        quiet.received.clear();
        CHECK(lab.server.stats().requests - before <= 5 * Server::requests_per_turn + 1);
    }
}

TEST_CASE("clients that flood have equal shares") {
    Lab lab;
    std::vector<SocketClient> floods;
    for (int i = 0; i < 4; ++i) {
        floods.push_back(lab.socket());
        for (int n = 0; n < 4000; ++n)
            floods.back().send(write_request("/f"));
        lab.server.serve(floods.back().id());
    }
    for (int i = 0; i < 30; ++i) {
        // the first is reported ready again and again, as who rings its bell without end
        for (int ring = 0; ring < 10; ++ring)
            lab.server.serve(floods[0].id());
        for (SocketClient& flood : floods)
            lab.server.serve(flood.id());
        lab.server.run_turns();
        lab.server.flush();
    }
    for (SocketClient& flood : floods) {
        flood.receive();
        CHECK(flood.received.size() == floods[0].received.size());
        CHECK(flood.received.size() <= 30 * Server::requests_per_turn);
        CHECK(flood.received.size() > 20 * Server::requests_per_turn);
    }
}

// The work of one request is not bounded by a turn, but is paid for by turns that are sat out.
TEST_CASE("requests that cost much are answered less often") {
    Lab lab;
    auto tool = lab.socket();
    auto heavy = lab.socket();
    auto light = lab.socket();
    constexpr std::size_t trees = 20, nodes = 1000;
    for (std::size_t i = 0; i < trees; ++i) {
        for (std::size_t n = 0; n < nodes; ++n)
            tool.mkdir("/heavy/" + std::to_string(i) + "/" + std::to_string(n));
    }
    for (std::size_t i = 0; i < trees; ++i)
        heavy.send(encoded(MessageType::rm, "/heavy/" + std::to_string(i) + '\0', 0));
    std::size_t turns = 0;
    while (heavy.received.size() < trees) {
        light.send(encoded(MessageType::read, "/\0"s, 0));
        turn(lab, {&heavy, &light});
        ++turns;
        REQUIRE(light.received.size() == turns);
        // never more effort than its turns gave it, and one request
        REQUIRE((heavy.received.size() - 1) * nodes <= turns * Server::effort_per_turn);
    }
    CHECK(turns > trees * nodes / Server::effort_per_turn / 2);
}

TEST_CASE("a write that many watch counts for as much as it makes the daemon do") {
    Lab lab;
    auto watcher = lab.socket();
    for (int i = 0; i < 1000; ++i)
        watcher.watch("/watched", std::to_string(i));
    auto heavy = lab.socket();
    auto light = lab.socket();
    for (int i = 0; i < 50; ++i) {
        heavy.send(write_request("/watched"));
        light.send(write_request("/other"));
    }
    for (int i = 0; i < 2; ++i)
        turn(lab, {&heavy, &light});
    CHECK(light.received.size() == 50);
    CHECK(heavy.received.size() == 1);
    for (int i = 0; i < 40; ++i)
        turn(lab, {&heavy});
    CHECK(heavy.received.size() > 8);
    CHECK(heavy.received.size() < 13);  // 40 turns at 256, each request a thousand
}

TEST_CASE("deep paths count for their depth") {
    Lab lab;
    auto deep = lab.socket();
    std::string path;
    while (path.size() < 2000)
        path += "/d";
    deep.mkdir(path);
    for (int i = 0; i < 100; ++i)
        deep.send(write_request(path));
    for (int i = 0; i < 10; ++i)
        turn(lab, {&deep});
    CHECK(deep.received.size() >= 6);
    CHECK(deep.received.size() <= 11);
}

TEST_CASE("watches of those who may not see what is written make no writer's requests dear") {
    Lab lab;
    auto tool = lab.socket();
    auto writer = lab.socket();
    tool.write("/written", "0");
    for (xs::DomainId id = 10; id < 12; ++id) {
        auto guest = lab.domain(id);
        for (int i = 0; i < 120; ++i)
            REQUIRE(guest.watch("/written", std::to_string(i)) == "OK|");
    }
    for (int i = 0; i < 32; ++i)
        writer.send(write_request("/written"));
    turn(lab, {&writer});
    CHECK(writer.received.size() >= 12);
}

TEST_CASE("a transaction's end counts for what it judges again") {
    Lab lab;
    auto tool = lab.socket();
    auto heavy = lab.socket();
    std::vector<std::uint32_t> open;
    for (int i = 0; i < 10; ++i) {
        open.push_back(heavy.start());
        for (int n = 0; n < 300; ++n)
            heavy.write("/h/" + std::to_string(i) + "/" + std::to_string(n % 3), "x", open.back());
    }
    tool.write("/meanwhile", "1");  // so that all is judged again
    for (const auto id : open)
        heavy.send(encoded(MessageType::transaction_end, "T\0"s, id));
    turn(lab, {&heavy});
    CHECK(heavy.received.size() == 1);
    for (int i = 0; i < 20; ++i)
        turn(lab, {&heavy});
    CHECK(heavy.received.size() >= 3);
    CHECK(heavy.received.size() < 7);  // 21 turns at 256, each end 1200
}

TEST_CASE("a guest that rings without end has one turn in each round, as everybody") {
    Lab lab;
    auto loud = lab.domain(5);
    auto quiet = lab.domain(6);
    for (int i = 0; i < 50; ++i)
        lab.server.domain_notified(5);
    const std::string request = encoded(MessageType::get_domain_path, "5\0"s, 0);
    for (int round = 0; round < 30; ++round) {
        while (loud.ring.bytes_free().value_or(0) >= request.size())
            REQUIRE(loud.ring.write(std::as_bytes(std::span(request))) == request.size());
        REQUIRE(quiet.ring.write(std::as_bytes(std::span(request))) == request.size());
        const std::uint64_t before = lab.server.stats().requests;
        for (int i = 0; i < 20; ++i)
            lab.server.domain_notified(5);
        lab.server.domain_notified(6);
        lab.server.run_turns();
        lab.server.flush();
        CHECK(lab.server.stats().requests - before <= Server::requests_per_turn + 1);
        std::array<std::byte, 1024> buffer;
        CHECK(quiet.ring.read(buffer).value_or(0) == 16 + 16);  // its reply is there
        while (loud.ring.read(buffer).value_or(0) > 0) {
        }
    }
}

// XSA-206: the toolstack's transaction must come through however often a guest writes.
TEST_CASE("a guest makes a transaction of domain 0 fail once, and then waits for it") {
    Lab lab;
    auto tool = lab.socket();
    std::vector<RingClient> guests;
    for (const xs::DomainId id : std::initializer_list<xs::DomainId>{5, 6, 7}) {
        guests.push_back(lab.domain(id));
        tool.write("/g" + std::to_string(id), "0");
        tool.set_perms("/g" + std::to_string(id), "b" + std::to_string(id));
    }
    const auto interfere = [&] {
        for (RingClient& guest : guests) {
            guest.send(write_request("/g" + std::to_string(guest.domain)));
            guest.receive();
        }
    };
    int tries = 0;
    std::string verdict;
    do {
        const auto id = tool.start();
        for (const char* path : {"/g5", "/g6", "/g7"}) {
            tool.read(path, id);
            tool.write(path, "tool", id);
        }
        tool.write("/tool/last", "1", id);
        interfere();
        // others' values, so that a blind write would not do
        tool.write("/tool/count", std::to_string(tries));
        verdict = tool.commit(id);
        REQUIRE(++tries < 10);
    } while (verdict == "!EAGAIN");
    CHECK(verdict == "OK|");
    CHECK(tries <= 4);  // once for each of three guests
    for (RingClient& guest : guests) {
        guest.receive();
        CHECK(guest.received.size() == static_cast<std::size_t>(tries));  // nothing was lost
    }
}

TEST_CASE("a held guest goes on when the client is gone, gives up, or after a second") {
    Lab lab;
    auto tool = lab.socket();
    auto guest = lab.domain(5);
    auto other = lab.domain(6);
    tool.write("/g", "0");
    tool.set_perms("/g", "b5");
    int value = 0;
    const auto fail = [&](SocketClient& client) {
        const auto id = client.start();
        client.read("/g", id);
        client.write("/x", "1", id);
        REQUIRE(guest.write("/g", "v" + std::to_string(++value)) == "OK|");
        REQUIRE(client.commit(id) == "!EAGAIN");
        REQUIRE(guest.ask_path(MessageType::get_domain_path, "5") == "nothing");
        REQUIRE(other.ask_path(MessageType::get_domain_path, "6") == "/local/domain/6|");
    };
    const auto goes_on = [&] {
        guest.receive();
        return std::exchange(guest.received, {}).size() == 1;
    };
    SECTION("a second") {
        fail(tool);
        CHECK(lab.server.next_deadline() == lab.clock.now() + std::chrono::seconds(1));
        lab.clock.advance(std::chrono::milliseconds(999));
        lab.server.expire();
        CHECK_FALSE(goes_on());
        lab.clock.advance(std::chrono::milliseconds(1));
        lab.server.expire();
        CHECK(goes_on());
        CHECK(lab.server.next_deadline() == Moment::max());
    }
    SECTION("an abort") {
        fail(tool);
        tool.abort(tool.start());
        CHECK(goes_on());
    }
    SECTION("the client's end") {
        auto passing = lab.socket();
        fail(passing);
        passing.wire->closed_by_client = true;
        lab.serve(passing);
        lab.server.expire();
        CHECK(goes_on());
    }
    SECTION("its own end") {
        fail(tool);
        lab.kill(5);
        CHECK(lab.server.next_deadline() == Moment::max());
        lab.server.expire();
        CHECK(lab.consistent());
    }
}

TEST_CASE("guests hold up nobody by their transactions") {
    Lab lab;
    auto tool = lab.socket();
    auto victim = lab.domain(5);
    auto busy = lab.domain(6);
    tool.write("/shared", "0");
    tool.set_perms("/shared", "b0");
    tool.write("/g", "0");
    tool.set_perms("/g", "b5");
    const auto id = victim.start();
    victim.read("/shared", id);
    victim.write("/g", "1", id);
    CHECK(busy.write("/shared", "1") == "OK|");
    CHECK(victim.commit(id) == "!EAGAIN");
    CHECK(busy.write("/shared", "2") == "OK|");
}
