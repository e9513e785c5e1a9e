#include "rt/store_client.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "fake_store.hpp"
#include "model_server.hpp"

using namespace stemma;
using namespace stemma::rt;
using xs::Header;
using xs::MessageType;

namespace {

std::vector<std::byte> message(Header header, std::string_view payload) {
    header.length = static_cast<std::uint32_t>(payload.size());
    std::vector<std::byte> bytes(Header::size);
    header.write(std::span(bytes).first<Header::size>());
    for (const char c : payload)
        bytes.push_back(static_cast<std::byte>(c));
    return bytes;
}

std::string text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

const auto ignore = [](StoreResult) {};

}  // namespace

TEST_CASE("a request is framed as the protocol says, and its reply comes to its handler") {
    StoreClient client;
    std::string value;
    REQUIRE(client.write("data/a", "x", ignore, {7}));
    REQUIRE(client.read("data/b", [&](StoreResult result) { value = result.value_or("none"); }));

    const auto out = client.output();
    const auto first = Header::read(out.first<Header::size>());
    CHECK(first.type == MessageType::write);
    CHECK(first.transaction_id == 7);
    CHECK(first.length == 8);
    CHECK(text(out.subspan(16, 8)) == std::string("data/a\0x", 8));
    const auto second = Header::read(out.subspan(24).first<Header::size>());
    CHECK(second.type == MessageType::read);
    CHECK(second.request_id != first.request_id);
    CHECK(text(out.subspan(40)) == std::string("data/b\0", 7));
    client.sent(out.size());
    CHECK(client.output().empty());

    client.receive(message({MessageType::write, first.request_id, 7, 0}, std::string("OK\0", 3)));
    client.receive(message({MessageType::read, second.request_id, 0, 0}, "the value"));
    CHECK(value == "the value");
    CHECK(client.outstanding() == 0);
}

TEST_CASE("operations with strings end them, and a transaction's number is read from its reply") {
    StoreClient client;
    std::uint32_t id = 0;
    REQUIRE(client.start([&](auto transaction) { id = transaction ? transaction->id : 99; }));
    CHECK(text(client.output().subspan(16)) == std::string("\0", 1));
    client.sent(17);
    client.receive(message({MessageType::transaction_start, 1, 0, 0}, std::string("12\0", 3)));
    CHECK(id == 12);
    REQUIRE(client.commit({12}, ignore));
    CHECK(text(client.output().subspan(16)) == std::string("T\0", 2));
    client.sent(18);
    REQUIRE(client.directory_part("a", 300, ignore));
    CHECK(text(client.output().subspan(16)) == std::string("a\0"
                                                           "300\0",
                                                           6));
}

TEST_CASE("an error reply is told by its name") {
    StoreClient client;
    std::optional<StoreError> error;
    REQUIRE(client.read("x", [&](StoreResult result) { error = result.error(); }));
    client.receive(message({MessageType::error, 1, 0, 0}, std::string("ENOENT\0", 7)));
    REQUIRE(error);
    CHECK(error->is(xs::Error::enoent));
    CHECK(client.connected());
}

TEST_CASE("what makes no sense from the server breaks the connection, told once to each handler") {
    struct Case {
        const char* name;
        std::vector<std::byte> bytes;
        StoreFault fault;
    };
    const std::vector<Case> cases{
        {"a reply to another request", message({MessageType::read, 9, 0, 0}, "x"),
         StoreFault::unexpected_reply},
        {"a reply of another operation", message({MessageType::rm, 1, 0, 0}, "OK"),
         StoreFault::unexpected_reply},
        {"answers out of order", message({MessageType::read, 2, 0, 0}, "x"),
         StoreFault::unexpected_reply},
        {"an event without token", message({MessageType::watch_event, 0, 0, 0}, "path"),
         StoreFault::malformed_event},
        {"an event with a third string",
         message({MessageType::watch_event, 0, 0, 0}, std::string("p\0"
                                                                  "1\0"
                                                                  "x\0",
                                                                  6)),
         StoreFault::malformed_event},
        {"an event with a token of nobody's",
         message({MessageType::watch_event, 0, 0, 0}, std::string("p\0tok\0", 6)),
         StoreFault::malformed_event},
    };
    for (const auto& [name, bytes, fault] : cases) {
        INFO(name);
        StoreClient client;
        int lost = 0;
        const auto count = [&](StoreResult result) {
            lost += !result && result.error().connection_lost;
        };
        REQUIRE(client.read("a", count));
        REQUIRE(client.read("b", count));
        client.receive(bytes);
        client.receive(bytes);
        client.connection_lost();
        CHECK(client.fault() == fault);
        CHECK(lost == 2);
        CHECK_FALSE(client.read("c", count));
        CHECK(client.output().empty());
    }
    StoreClient client;
    auto oversized = message({MessageType::watch_event, 0, 0, 0}, "");
    Header{MessageType::watch_event, 0, 0, 4097}.write(std::span(oversized).first<Header::size>());
    client.receive(oversized);
    CHECK(client.fault() == StoreFault::oversized);
}

TEST_CASE("an event of a watch that ended is nobody's, and breaks nothing") {
    StoreClient client;
    int events = 0;
    std::optional<WatchId> id;
    // ends itself from within its own event
    id = client.watch(
        "a",
        [&](std::string_view) {
            ++events;
            client.unwatch(*id, ignore);
        },
        ignore);
    REQUIRE(id);
    const auto event = message({MessageType::watch_event, 0, 0, 0}, std::string("a/b\0"
                                                                                "1\0",
                                                                                6));
    client.receive(message({MessageType::watch, 1, 0, 0}, std::string("OK\0", 3)));
    client.receive(event);
    client.receive(event);
    CHECK(events == 1);
    CHECK(client.connected());
}

TEST_CASE("a watch that the server refuses does not exist") {
    StoreClient client;
    int events = 0;
    REQUIRE(client.watch(
        "a", [&](std::string_view) { ++events; }, ignore));
    client.receive(message({MessageType::error, 1, 0, 0}, std::string("ENOSPC\0", 7)));
    client.receive(message({MessageType::watch_event, 0, 0, 0}, std::string("a\0"
                                                                            "1\0",
                                                                            4)));
    CHECK(events == 0);
    CHECK(client.connected());
}

TEST_CASE("requests beyond the bounds are refused and leave nothing behind") {
    StoreClient client;
    SECTION("outstanding requests") {
        for (std::size_t i = 0; i < StoreClient::outstanding_max; ++i)
            REQUIRE(client.read("a", ignore));
        CHECK(client.room() == 0);
        const auto before = client.output().size();
        CHECK_FALSE(client.read("a", ignore));
        CHECK(client.output().size() == before);
    }
    SECTION("unsent bytes") {
        const std::string value(4000, 'v');
        std::size_t taken = 0;
        while (client.write("a", value, ignore))
            ++taken;
        CHECK(taken == StoreClient::output_max / (16 + 2 + 4000));
        client.sent(client.output().size());
        CHECK(client.write("a", value, ignore));
    }
    SECTION("a payload over 4,096 bytes") {
        CHECK_FALSE(client.write("a", std::string(4095, 'v'), ignore));
        CHECK(client.write("a", std::string(4094, 'v'), ignore));
    }
    SECTION("a path that would end early") {
        CHECK_FALSE(client.rm(std::string_view("a\0b", 3), ignore));
    }
    SECTION("watches") {
        for (std::size_t i = 0; i < StoreClient::watches_max; ++i)
            REQUIRE(client.watch(
                "a", [](std::string_view) {}, ignore));
        CHECK_FALSE(client.watch(
            "a", [](std::string_view) {}, ignore));
    }
}

TEST_CASE("a handler may submit more, and is not called from within submit") {
    StoreClient client;
    int calls = 0;
    std::function<void(StoreResult)> again = [&](StoreResult) {
        if (++calls < 5) REQUIRE(client.read("a", again));
    };
    REQUIRE(client.read("a", again));
    CHECK(calls == 0);
    for (std::uint32_t id = 1; id <= 5; ++id)
        client.receive(message({MessageType::read, id, 0, 0}, ""));
    CHECK(calls == 5);
}

TEST_CASE("over bytes cut anywhere, client and server behave as the store in memory does") {
    std::mt19937 random(11);
    FakeStore behind;
    ModelServer server(behind);
    StoreClient client;
    FakeStore model;
    std::vector<std::string> got, expected;
    const auto into = [](std::vector<std::string>& log, std::string what) {
        return [&log, what](StoreResult result) {
            log.push_back(what + (result ? std::string(*result)
                                         : std::string(xs::name(result.error().code))));
        };
    };
    const std::string names[] = {"a", "a/b", "a/b/c", "d", "d/e"};
    client.watch(
        "a", [&](std::string_view path) { got.push_back("event " + std::string(path)); },
        into(got, "watch "));
    model.watch(
        "a", [&](std::string_view path) { expected.push_back("event " + std::string(path)); },
        into(expected, "watch "));
    for (int i = 0; i < 2000; ++i) {
        const auto path = names[random() % std::size(names)];
        const auto what = std::to_string(i) + " ";
        switch (random() % 4) {
            case 0:
                client.read(path, into(got, what));
                model.read(path, into(expected, what));
                break;
            case 1:
                client.write(path, what, into(got, what));
                model.write(path, what, into(expected, what));
                break;
            case 2:
                client.rm(path, into(got, what));
                model.rm(path, into(expected, what));
                break;
            default:
                client.directory(path, into(got, what));
                model.directory(path, into(expected, what));
        }
        if (random() % 8 != 0) continue;
        model.run();
        // everything across, in pieces
        while (true) {
            const auto out = client.output();
            const auto count = std::min<std::size_t>(out.size(), 1 + random() % 50);
            server.receive(
                std::vector<std::byte>(out.begin(), out.begin() + static_cast<long>(count)));
            client.sent(count);
            const auto back = server.take_output();
            for (std::size_t at = 0; at < back.size();) {
                const auto piece = std::min<std::size_t>(back.size() - at, 1 + random() % 50);
                client.receive(std::span(back).subspan(at, piece));
                at += piece;
            }
            if (count == 0 && back.empty()) break;
        }
        REQUIRE(got == expected);
    }
    CHECK(client.connected());
    CHECK(behind.tree() == model.tree());
    CHECK(got.size() > 2000);
}
