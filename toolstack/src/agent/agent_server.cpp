#include "toolstack/agent/agent_server.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "toolstack/unix_socket.hpp"

namespace stemma::toolstack {

Result<std::unique_ptr<AgentServer>> AgentServer::open(EventLoop& loop, const std::string& path,
                                                       OnRequest on_request, OnGone on_gone) {
    auto listener = listen_unix(path, SOCK_SEQPACKET);
    if (!listener) {
        return failure(ErrorKind::unavailable, "listen at", path, listener.error(),
                       "$STEMMA_RUNDIR says in which directory");
    }
    return std::unique_ptr<AgentServer>(new AgentServer(loop, path, std::move(*listener),
                                                        std::move(on_request), std::move(on_gone)));
}

AgentServer::AgentServer(EventLoop& loop, std::string path, Descriptor listener,
                         OnRequest on_request, OnGone on_gone)
    : loop_(loop),
      path_(std::move(path)),
      listener_(std::move(listener)),
      on_request_(std::move(on_request)),
      on_gone_(std::move(on_gone)) {
    loop_.add(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_client(); });
}

AgentServer::~AgentServer() {
    for (const auto& [id, socket] : clients_)
        loop_.remove(socket.get());
    loop_.remove(listener_.get());
    ::unlink(path_.c_str());
}

void AgentServer::accept_client() {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    // Over the bound the client sees its connection end.
    if (!socket || clients_.size() == clients_max) return;
    const ClientId id = next_client_++;
    if (!loop_.add(socket.get(), EPOLLIN | EPOLLRDHUP,
                   [this, id](std::uint32_t) { readable(id); })) {
        return;
    }
    clients_.emplace(id, std::move(socket));
}

void AgentServer::readable(ClientId id) {
    const auto client = clients_.find(id);
    if (client == clients_.end()) return;
    auto datagram = receive_datagram(client->second.get(), AgentMessage::bytes_max);
    if (!datagram) {
        if (datagram.error() != EAGAIN) drop(id);
        return;
    }
    const auto message = AgentMessage::decode(datagram->bytes);
    if (!message || datagram->truncated) {
        reply(id, to_message(Error{.tried = "understand",
                                   .on = "the request",
                                   .cause = message ? "it is cut off" : message.error()}));
        return;
    }
    // Until reply() only the end of the connection is of interest.
    loop_.modify(client->second.get(), EPOLLRDHUP);
    if (const auto answer = on_request_(id, *message, std::move(datagram->descriptors))) {
        reply(id, *answer);
    }
}

void AgentServer::reply(ClientId id, const AgentMessage& message) {
    const auto client = clients_.find(id);
    if (client == clients_.end()) return;
    if (send_with_descriptors(client->second.get(), message.encode(), {}) != 0) return drop(id);
    loop_.modify(client->second.get(), EPOLLIN | EPOLLRDHUP);
}

void AgentServer::drop(ClientId id) {
    const auto client = clients_.find(id);
    if (client == clients_.end()) return;
    loop_.remove(client->second.get());
    clients_.erase(client);
    on_gone_(id);
}

}  // namespace stemma::toolstack
