#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "toolstack/agent/event_loop.hpp"
#include "toolstack/agent/hosted_domain.hpp"
#include "toolstack/agent_message.hpp"
#include "toolstack/descriptor.hpp"

namespace stemma::toolstack {

// The agent's socket and its clients. A client has one request answered at a time and is not read
// meanwhile; one that does not take its reply is dropped. So a client costs one message of memory,
// whatever it does.
class AgentServer {
  public:
    static constexpr std::size_t clients_max = 64;

    // The reply, or nothing when it comes later by reply().
    using OnRequest = std::function<std::optional<AgentMessage>(ClientId, const AgentMessage&,
                                                                std::vector<Descriptor>)>;
    using OnGone = std::function<void(ClientId)>;

    static Result<std::unique_ptr<AgentServer>> open(EventLoop& loop, const std::string& path,
                                                     OnRequest on_request, OnGone on_gone);
    ~AgentServer();
    AgentServer(const AgentServer&) = delete;
    AgentServer& operator=(const AgentServer&) = delete;

    // No effect when the client is gone.
    void reply(ClientId client, const AgentMessage& message);

  private:
    AgentServer(EventLoop& loop, std::string path, Descriptor listener, OnRequest on_request,
                OnGone on_gone);
    void accept_client();
    void readable(ClientId id);
    void drop(ClientId id);

    EventLoop& loop_;
    std::string path_;
    Descriptor listener_;
    OnRequest on_request_;
    OnGone on_gone_;
    std::map<ClientId, Descriptor> clients_;
    ClientId next_client_ = 1;
};

}  // namespace stemma::toolstack
