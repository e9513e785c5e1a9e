#include "toolstack/agent/agent_server.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include <cerrno>
#include <thread>

#include "temporary_directory.hpp"
#include "toolstack/unix_socket.hpp"

namespace stemma::toolstack {

namespace {

Result<AgentMessage> ask(int socket, const std::string& bytes) {
    if (send_with_descriptors(socket, bytes, {}) != 0) {
        return failure(ErrorKind::failed, "send", "", "");
    }
    pollfd waiting{socket, POLLIN, 0};
    ::poll(&waiting, 1, 30'000);
    const auto reply = receive_datagram(socket, AgentMessage::bytes_max);
    if (!reply) return failure(ErrorKind::failed, "receive", "", "");
    return *AgentMessage::decode(reply->bytes);
}

}  // namespace

TEST_CASE("each request has its reply, malformed ones an error, and the server lives on") {
    TemporaryDirectory directory;
    auto loop = *EventLoop::open();
    std::unique_ptr<AgentServer> server;
    std::optional<ClientId> later;
    std::vector<ClientId> gone;
    server = *AgentServer::open(
        *loop, directory / "agent",
        [&](ClientId id, const AgentMessage& message,
            std::vector<Descriptor>) -> std::optional<AgentMessage> {
            if (message.verb() == "stop") loop->stop();
            if (message.verb() == "later") {
                later = id;
                loop->after(std::chrono::milliseconds(0),
                            [&] { server->reply(*later, AgentMessage("waited")); });
                return std::nullopt;
            }
            if (message.verb() == "within") {
                // A deferred request may be answered before its handler returns.
                server->reply(id, AgentMessage("at once"));
                return std::nullopt;
            }
            return std::move(AgentMessage("ok").add("verb", message.verb()));
        },
        [&](ClientId id) { gone.push_back(id); });

    std::thread client([&] {
        const auto socket = connect_unix(directory / "agent", SOCK_SEQPACKET);
        REQUIRE(socket);
        for (int round = 0; round < 3; ++round) {
            CHECK(ask(socket->get(), AgentMessage("hello").encode())->text("verb") == "hello");
            CHECK(ask(socket->get(), "no message")->verb() == "error");
            CHECK(ask(socket->get(), AgentMessage("later").encode())->verb() == "waited");
            CHECK(ask(socket->get(), AgentMessage("within").encode())->verb() == "at once");
        }
        {
            // One that sends and never reads is nobody's burden.
            const auto rude = connect_unix(directory / "agent", SOCK_SEQPACKET);
            for (int i = 0; i < 20; ++i)
                send_with_descriptors(rude->get(), AgentMessage("hello").encode(), {});
        }
        CHECK(ask(socket->get(), AgentMessage("hello").encode())->verb() == "ok");
        ask(socket->get(), AgentMessage("stop").encode());
    });
    REQUIRE(loop->run());
    client.join();
    CHECK(gone.size() <= 2);
    server->reply(12345, AgentMessage("nobody"));
}

TEST_CASE("no more clients than the bound are served") {
    TemporaryDirectory directory;
    auto loop = *EventLoop::open();
    auto server = *AgentServer::open(
        *loop, directory / "agent",
        [&](ClientId, const AgentMessage&, std::vector<Descriptor>) {
            return std::optional(AgentMessage("ok"));
        },
        [](ClientId) {});
    std::thread clients([&] {
        std::vector<Descriptor> open;
        for (std::size_t i = 0; i < AgentServer::clients_max; ++i) {
            open.push_back(std::move(*connect_unix(directory / "agent", SOCK_SEQPACKET)));
            CHECK(ask(open.back().get(), AgentMessage("hello").encode()));
        }
        const auto over = connect_unix(directory / "agent", SOCK_SEQPACKET);
        CHECK((!over || !ask(over->get(), AgentMessage("hello").encode())));
        open.pop_back();
        for (;;) {
            // Its place is free once the server has seen it go.
            auto next = connect_unix(directory / "agent", SOCK_SEQPACKET);
            if (next && ask(next->get(), AgentMessage("hello").encode())) break;
        }
        loop->stop();
        // Wakes the loop.
        open.clear();
    });
    REQUIRE(loop->run());
    clients.join();
}

}  // namespace stemma::toolstack
