#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "toolstack/agent/agent_server.hpp"
#include "toolstack/agent/event_loop.hpp"
#include "toolstack/agent/guest_restarter.hpp"
#include "toolstack/agent/hosted_domain.hpp"
#include "toolstack/agent/hypervisor_link.hpp"
#include "toolstack/agent/state_saver.hpp"
#include "toolstack/agent/veth_ports.hpp"
#include "toolstack/agent_message.hpp"
#include "toolstack/socket_store.hpp"

namespace stemma::toolstack {

struct AgentOptions {
    std::string socket;             // where clients connect
    std::string store_socket;       // xenstored's
    std::string hypervisor_socket;  // xenstored's
    std::string guest_directory;    // where the program of image "nat" is "nat"
    bool guests_die_with_agent = false;
    bool limit_memory = true;  // off for guests built with a sanitizer, which maps terabytes
};

// The resident half of the toolstack on the hosted platform, where it plays the hypervisor: gives
// domids, rings and event channels, makes ports, starts and buries guests. One thread; whatever
// waits for a peer or a disk is an event. It keeps no state of its own: a new agent takes over the
// guests that live, and cleans up after those that do not, from what the store says.
//
// Bounds: 1,000 domains, 8 ports each, 64 clients; at each a request is refused.
class Agent {
  public:
    static constexpr std::size_t domains_max = 1000;
    static constexpr std::size_t ports_max = 8;
    static constexpr std::size_t kept_consoles = 16;  // of guests that are gone

    static Result<std::unique_ptr<Agent>> open(const AgentOptions& options);

    // Until SIGTERM or SIGINT. Guests live on for the next agent.
    Result<void> run();

  private:
    using Domains = std::map<xs::DomainId, std::unique_ptr<HostedDomain>>;
    struct ConsoleWaiter {
        ClientId client = 0;
        std::string name;
        std::uint64_t offset = 0;
        EventLoop::TimerId limit = 0;
    };

    explicit Agent(const AgentOptions& options);
    Result<void> set_up();

    // Requests; nothing when the reply comes later, by server_->reply().
    std::optional<AgentMessage> request(ClientId client, const AgentMessage& message,
                                        std::vector<Descriptor> descriptors);
    Result<AgentMessage> create(ClientId client, const AgentMessage& message);
    Result<AgentMessage> attach(const AgentMessage& message);
    Result<AgentMessage> start(const AgentMessage& message, std::vector<Descriptor> descriptors);
    Result<AgentMessage> keep(const AgentMessage& message);
    Result<AgentMessage> move(const AgentMessage& message);
    Result<AgentMessage> set_paused(const AgentMessage& message, bool paused);
    AgentMessage list(const AgentMessage& message);
    std::optional<AgentMessage> console(ClientId client, const AgentMessage& message);
    std::optional<AgentMessage> destroy(ClientId client, const AgentMessage& message);
    void client_gone(ClientId client);

    Result<HostedDomain*> domain_of(const AgentMessage& message);
    xs::DomainId free_domain_id();
    Result<Descriptor> make_console(HostedDomain& domain);
    void follow_process(HostedDomain& domain);
    void read_console(HostedDomain& domain);
    void process_ended(xs::DomainId id);
    // What its process's end was, by that and by the guest's last words.
    void take_ending(HostedDomain& domain);
    void kill(HostedDomain& domain);
    // Saves, cleans, tells and forgets.
    void finish(HostedDomain& domain);
    void bury(xs::DomainId id);
    std::optional<AgentMessage> console_part(const std::string& name, std::uint64_t offset,
                                             bool even_if_empty);
    void answer_console_waiters(const std::string& name);

    // What the last agent left: guests that live are taken over, others are buried.
    void recover();
    void recover_domain(xs::DomainId id);
    bool adopt(HostedDomain& domain);
    void remember_process(const HostedDomain& domain);

    void log(const std::string& line);

    AgentOptions options_;
    std::unique_ptr<EventLoop> loop_;
    std::unique_ptr<VethPorts> ports_;
    std::unique_ptr<SocketStore> store_;
    std::unique_ptr<HypervisorLink> link_;
    std::unique_ptr<StateSaver> saver_;
    std::unique_ptr<GuestRestarter> restarter_;
    std::unique_ptr<AgentServer> server_;
    Domains domains_;
    std::deque<ConsoleWaiter> console_waiters_;
    std::deque<std::pair<std::string, ConsoleBuffer>> old_consoles_;
    xs::DomainId last_domain_ = 0;
    bool recovered_ = false;
};

}  // namespace stemma::toolstack
