#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "toolstack/agent_message.hpp"
#include "toolstack/platform.hpp"

namespace stemma::toolstack {

// The platform where there is no hypervisor: asks the agent, which plays one.
class HostedPlatform : public Platform {
  public:
    // Connects to the agent's socket. Refused when the agent lives in another network namespace:
    // its links would not be where this process looks for them.
    static Result<std::unique_ptr<HostedPlatform>> connect(const std::string& socket);

    // A guest whose interfaces the agent connects has only its word.
    ReadySign ready_sign(const std::string&) const override { return ReadySign::own_word; }
    // Its process is given its ports when it begins.
    bool takes_interfaces(const std::string&) const override { return false; }
    Result<NewDomain> create_domain(const DomainRequest& request) override;
    Result<RingFrames> load(DomainId domain, LoadRequest request) override;
    Result<std::string> attach_port(DomainId domain, const PortRequest& request) override;
    Result<bool> detach_port(DomainId domain, unsigned index) override;
    Result<void> start(DomainId domain) override;
    Result<void> keep(DomainId domain) override;
    Result<void> destroy(DomainId domain) override;
    Result<void> pause(DomainId domain) override;
    Result<void> unpause(DomainId domain) override;
    Result<Keeper> keeper(const DomainInfo&) override { return Keeper::agent; }
    Result<void> move_port(DomainId domain, unsigned index, const std::string& bridge) override;
    Result<std::vector<DomainInfo>> domains() override;
    Result<ConsoleOutput> console(const std::string& name, std::uint64_t offset,
                                  bool wait) override;
    Result<Descriptor> console_terminal(const std::string& name) override;

  private:
    explicit HostedPlatform(Descriptor socket) : socket_(std::move(socket)) {}
    Result<AgentMessage> ask(const AgentMessage& request, int descriptor = -1);

    Descriptor socket_;
    std::map<DomainId, LoadRequest> loaded_;  // not started yet
};

// $STEMMA_RUNDIR/agent, by default /run/stemma/agent.
std::string agent_socket();

// "4026531840": which network namespace this process is in (namespaces(7)).
std::string network_namespace();

}  // namespace stemma::toolstack
