#include "toolstack/socket_store.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include <array>
#include <cstring>
#include <thread>

#include "temporary_directory.hpp"
#include "toolstack/unix_socket.hpp"

namespace stemma::toolstack {

namespace {

using Bytes = std::string;

Bytes message(xs::MessageType type, std::uint32_t request, std::uint32_t transaction,
              const Bytes& payload) {
    std::array<std::byte, xs::Header::size> header;
    xs::Header{type, request, transaction, static_cast<std::uint32_t>(payload.size())}.write(
        header);
    Bytes bytes(header.size(), '\0');
    std::memcpy(bytes.data(), header.data(), header.size());
    return bytes + payload;
}

// A server that takes one connection, reads one request, and sends what `answer` makes of it, a
// byte at a time if asked; then the same again until `rounds` are done.
class Server {
  public:
    using Answer = std::function<Bytes(const xs::Header&, const Bytes& payload)>;

    Server(const std::string& path, int rounds, bool bytewise, Answer answer)
        : listener_(*listen_unix(path, SOCK_STREAM)),
          thread_([this, rounds, bytewise, answer] { serve(rounds, bytewise, answer); }) {}
    ~Server() { thread_.join(); }

  private:
    void serve(int rounds, bool bytewise, const Answer& answer) {
        int blocking = -1;
        while (blocking < 0) {
            pollfd waiting{listener_.get(), POLLIN, 0};
            ::poll(&waiting, 1, -1);
            blocking = ::accept(listener_.get(), nullptr, nullptr);
        }
        const Descriptor client(blocking);
        for (int round = 0; round < rounds; ++round) {
            std::array<std::byte, xs::Header::size> bytes{};
            if (::recv(client.get(), bytes.data(), bytes.size(), MSG_WAITALL) != 16) return;
            const auto header = xs::Header::read(bytes);
            Bytes payload(header.length, '\0');
            if (header.length > 0) {
                ::recv(client.get(), payload.data(), payload.size(), MSG_WAITALL);
            }
            const Bytes reply = answer(header, payload);
            if (reply.empty()) return;
            for (std::size_t at = 0; at < reply.size();) {
                const std::size_t count = bytewise ? 1 : reply.size();
                ::send(client.get(), reply.data() + at, count, MSG_NOSIGNAL);
                at += count;
            }
        }
    }

    Descriptor listener_;
    std::thread thread_;
};

constexpr std::chrono::seconds plenty{30};

}  // namespace

TEST_CASE("a reply in single bytes with events before it is put together") {
    TemporaryDirectory directory;
    Server server(directory / "s", 1, true, [](const xs::Header& header, const Bytes& payload) {
        CHECK(header.type == xs::MessageType::read);
        CHECK(payload == Bytes("/a\0", 3));
        return message(xs::MessageType::watch_event, 0, 0, Bytes("/w\0t\0", 5)) +
               message(header.type, header.request_id, header.transaction_id, "value") +
               message(xs::MessageType::watch_event, 0, 0, Bytes("/x\0u\0", 5));
    });
    SocketStore store(directory / "s", plenty);
    CHECK(store.read("/a") == "value");
    const auto deadline = std::chrono::steady_clock::now() + plenty;
    const auto first = store.next_event(deadline);
    REQUIRE((first && *first));
    CHECK((*first)->path == "/w");
    CHECK((*first)->token == "t");
    const auto second = store.next_event(deadline);
    REQUIRE((second && *second));
    CHECK((*second)->path == "/x");
}

TEST_CASE("an ERROR reply becomes its code") {
    TemporaryDirectory directory;
    Server server(directory / "s", 1, false, [](const xs::Header& header, const Bytes&) {
        return message(xs::MessageType::error, header.request_id, 0, Bytes("EACCES\0", 7));
    });
    SocketStore store(directory / "s", plenty);
    const auto value = store.read("/a");
    REQUIRE(!value);
    CHECK(value.error().is(xs::Error::eacces));
}

TEST_CASE("requests sent together are answered each, with the events between kept") {
    constexpr int count = 150;  // more than are under way at once
    TemporaryDirectory directory;
    Server server(directory / "s", count, false, [](const xs::Header& header, const Bytes& path) {
        if (path == Bytes("/7\0", 3)) {
            return message(xs::MessageType::watch_event, 0, 0, Bytes("/w\0t\0", 5)) +
                   message(xs::MessageType::error, header.request_id, 0, Bytes("ENOENT\0", 7));
        }
        return message(header.type, header.request_id, header.transaction_id, path.c_str());
    });
    SocketStore store(directory / "s", plenty);
    std::vector<std::string> paths;
    for (int i = 0; i < count; ++i)
        paths.push_back('/' + std::to_string(i));
    const auto values = store.find_all(paths);
    REQUIRE(values);
    REQUIRE(values->size() == count);
    for (std::size_t i = 0; i < count; ++i) {
        if (i == 7) {
            CHECK(!(*values)[i]);
        } else {
            CHECK((*values)[i] == paths[i]);
        }
    }
    const auto event = store.next_event(std::chrono::steady_clock::now() + plenty);
    REQUIRE((event && *event));
    CHECK((*event)->path == "/w");
}

TEST_CASE("a connection that ends between two replies is an error of every one that is left") {
    TemporaryDirectory directory;
    int answered = 0;
    Server server(directory / "s", 3, false, [&](const xs::Header& header, const Bytes&) {
        return ++answered == 2 ? Bytes() : message(header.type, header.request_id, 0, "x");
    });
    SocketStore store(directory / "s", plenty);
    const StoreRequest one{xs::MessageType::read, Bytes("/a\0", 3), "/a"};
    const auto replies = store.request_all(0, std::vector{one, one, one});
    REQUIRE(replies.size() == 3);
    CHECK(replies[0] == "x");
    for (const auto& reply : {replies[1], replies[2]}) {
        REQUIRE(!reply);
        CHECK(!reply.error().code);
        CHECK(!reply.error().cause.empty());
    }
}

TEST_CASE("a peer that breaks the protocol or hangs up is an error of the connection") {
    const std::pair<std::string, Bytes (*)(const xs::Header&)> cases[] = {
        {"closed", [](const xs::Header&) { return Bytes(); }},
        {"another request",
         [](const xs::Header& header) {
             return message(header.type, header.request_id + 1, 0, "x");
         }},
        {"longer than the protocol",
         [](const xs::Header& header) {
             return message(header.type, header.request_id, 0, Bytes(xs::payload_max + 1, 'x'));
         }},
    };
    for (const auto& [cause, answer] : cases) {
        TemporaryDirectory directory;
        Server server(directory / "s", 1, false,
                      [&](const xs::Header& header, const Bytes&) { return answer(header); });
        SocketStore store(directory / "s", plenty);
        const auto value = store.read("/a");
        REQUIRE(!value);
        CHECK(!value.error().code);
        CHECK_THAT(value.error().cause, Catch::Contains(cause));
    }
}

TEST_CASE("a peer that does not answer costs the time limit and no more") {
    TemporaryDirectory directory;
    const auto listener = listen_unix(directory / "s", SOCK_STREAM);
    SocketStore store(directory / "s", std::chrono::milliseconds(1));
    const auto value = store.read("/a");
    REQUIRE(!value);
    CHECK_THAT(value.error().cause, Catch::Contains("did not answer within 1 ms"));
}

TEST_CASE("a missing daemon is told at once, and a request too long never sent") {
    TemporaryDirectory directory;
    SocketStore store(directory / "none", plenty);
    CHECK(!store.connect());
    CHECK(store.read("/a").error().cause == "No such file or directory");
    CHECK(store.write("/a", Bytes(xs::payload_max, 'x')).error().is(xs::Error::e2big));
}

}  // namespace stemma::toolstack
