#include "toolstack/agent/agent.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "toolstack/agent/backend_nodes.hpp"
#include "toolstack/configuration.hpp"
#include "toolstack/hosted_platform.hpp"

namespace stemma::toolstack {

namespace {

// xenstored answers in microseconds; one that does not is hung, and guests must not wait with it.
constexpr std::chrono::milliseconds store_limit{5000};
constexpr std::size_t domains_per_page = 200;

AgentMessage ok() {
    return AgentMessage("ok");
}

std::unexpected<Error> bad_request(const AgentMessage& message, std::string cause) {
    return failure(ErrorKind::failed, "do the request", message.verb(), std::move(cause));
}

std::string_view phase_name(HostedDomain::Phase phase) {
    switch (phase) {
        case HostedDomain::Phase::building:
            return "building";
        case HostedDomain::Phase::running:
            return "running";
        case HostedDomain::Phase::ended:
            return "shut-down";
    }
    return "";
}

}  // namespace

Agent::Agent(const AgentOptions& options) : options_(options) {}

Result<std::unique_ptr<Agent>> Agent::open(const AgentOptions& options) {
    std::unique_ptr<Agent> agent(new Agent(options));
    if (auto done = agent->set_up(); !done) return std::unexpected(std::move(done.error()));
    return agent;
}

Result<void> Agent::set_up() {
    auto loop = EventLoop::open();
    if (!loop) return std::unexpected(std::move(loop.error()));
    loop_ = std::move(*loop);
    auto ports = VethPorts::open();
    if (!ports) return std::unexpected(std::move(ports.error()));
    ports_ = std::move(*ports);
    if (!ports_->warning().empty()) log(ports_->warning());

    if (auto taken = loop_->stop_by_signals(); !taken) return taken;

    store_ = std::make_unique<SocketStore>(options_.store_socket, store_limit);
    saver_ = std::make_unique<StateSaver>(*loop_, options_.store_socket,
                                          [this](const std::string& line) { log(line); });
    restarter_ =
        std::make_unique<GuestRestarter>(*loop_, [this](const std::string& line) { log(line); });
    link_ =
        std::make_unique<HypervisorLink>(*loop_, options_.hypervisor_socket, [this] { recover(); });
    auto server = AgentServer::open(
        *loop_, options_.socket,
        [this](ClientId client, const AgentMessage& message, std::vector<Descriptor> descriptors) {
            return request(client, message, std::move(descriptors));
        },
        [this](ClientId client) { client_gone(client); });
    if (!server) return std::unexpected(std::move(server.error()));
    server_ = std::move(*server);
    link_->start();
    if (!link_->is_connected()) {
        log("xenstored is not at " + options_.hypervisor_socket + " yet: waiting for it");
    }
    return {};
}

Result<void> Agent::run() {
    return loop_->run();
}

std::optional<AgentMessage> Agent::request(ClientId client, const AgentMessage& message,
                                           std::vector<Descriptor> descriptors) {
    const std::string& verb = message.verb();
    const auto answer = [](Result<AgentMessage> result) {
        return result ? std::move(*result) : to_message(result.error());
    };
    if (verb == "hello") {
        return ok()
            .add("network-namespace", network_namespace())
            .add("pid", static_cast<std::uint64_t>(::getpid()));
    }
    if (verb == "create") return answer(create(client, message));
    if (verb == "attach") return answer(attach(message));
    if (verb == "start") return answer(start(message, std::move(descriptors)));
    if (verb == "keep") return answer(keep(message));
    if (verb == "move") return answer(move(message));
    if (verb == "pause") return answer(set_paused(message, true));
    if (verb == "unpause") return answer(set_paused(message, false));
    if (verb == "list") return list(message);
    if (verb == "console") return console(client, message);
    if (verb == "destroy") return destroy(client, message);
    return to_message(bad_request(message, "the agent does not know it").error());
}

Result<HostedDomain*> Agent::domain_of(const AgentMessage& message) {
    const auto id = message.number("domain", xs::domid_first_reserved - 1);
    const auto found = id ? domains_.find(static_cast<xs::DomainId>(*id)) : domains_.end();
    if (found == domains_.end()) {
        return failure(ErrorKind::not_found, message.verb(),
                       "domain " + std::string(message.text("domain")), "there is no such domain");
    }
    return found->second.get();
}

// Upwards, so that a number is not used again soon: what others still hold of a dead domain then
// never means a living one.
xs::DomainId Agent::free_domain_id() {
    do {
        last_domain_ = last_domain_ >= xs::domid_first_reserved - 1
                           ? xs::DomainId{1}
                           : static_cast<xs::DomainId>(last_domain_ + 1);
    } while (domains_.contains(last_domain_));
    return last_domain_;
}

Result<AgentMessage> Agent::create(ClientId client, const AgentMessage& message) {
    const std::string name(message.text("name"));
    const std::string uuid(message.text("uuid"));
    const auto memory = message.number("memory", memory_max);
    if (!is_guest_name(name) || uuid.size() != 36 || !memory || *memory == 0) {
        return bad_request(message, "name, uuid or memory is not valid");
    }
    link_->connect_now();
    if (!link_->is_connected() || !recovered_) {
        return failure(ErrorKind::unavailable, "create", "a domain",
                       "the agent has no connection to xenstored at " + options_.hypervisor_socket,
                       "see whether xenstored runs with a hosted link");
    }
    for (const auto& [id, domain] : domains_) {
        if (domain->name != name) continue;
        return failure(ErrorKind::refused, "create", "the guest " + name,
                       "it is there already, as domain " + std::to_string(id) + ", " +
                           std::string(phase_name(domain->phase)),
                       "stemma destroy " + name);
    }
    if (domains_.size() >= domains_max) {
        return failure(ErrorKind::refused, "create", "the guest " + name,
                       "there are " + std::to_string(domains_max) + " domains, no more are made");
    }
    auto domain = std::make_unique<HostedDomain>();
    if (auto made = make_channels(*domain); !made) {
        return std::unexpected(std::move(made.error()));
    }
    domain->id = free_domain_id();
    domain->name = name;
    domain->uuid = uuid;
    for (const auto& key : end_keys)
        domain->ends.*key.action =
            parse_end_action(message.text(key.name)).value_or(EndPolicy().*key.action);
    domain->memory = static_cast<std::uint32_t>(*memory);
    domain->creator = client;
    domain->store_port = 1;  // event channels are a domain's own: the first is the store's
    store_->write("/tool/stemma/last-domain", std::to_string(domain->id));
    link_->created(domain->id, domain->channels());
    AgentMessage reply = ok();
    reply.add("domain", domain->id).add("store-port", domain->store_port);
    domains_.emplace(domain->id, std::move(domain));
    return reply;
}

Result<AgentMessage> Agent::attach(const AgentMessage& message) {
    auto found = domain_of(message);
    if (!found) return std::unexpected(std::move(found.error()));
    HostedDomain& domain = **found;
    const auto index = message.number("index", ports_max - 1);
    const auto mac = parse_mac(message.text("mac"));
    const std::string bridge(message.text("bridge"));
    if (!index || !mac || !is_bridge_name(bridge)) {
        return bad_request(message, "index, mac or bridge is not valid");
    }
    const auto number = static_cast<unsigned>(*index);
    if (domain.phase != HostedDomain::Phase::building ||
        std::ranges::count(domain.ports, number, &VethPort::index) > 0) {
        return bad_request(message, "the domain has this interface, or runs already");
    }
    auto port = ports_->add(domain.id, number, bridge, *mac);
    if (!port) {
        fail_vif(*store_, domain.id, number, port.error().cause);
        return std::unexpected(std::move(port.error()));
    }
    const std::string link = port->link;
    const unsigned mtu = port->mtu;
    domain.ports.push_back(std::move(*port));
    if (auto connected = connect_vif(*store_, domain.id, number, mtu); !connected) {
        return std::unexpected(connected.error().error());
    }
    return ok().add("link", link);
}

Result<AgentMessage> Agent::keep(const AgentMessage& message) {
    auto found = domain_of(message);
    if (!found) return std::unexpected(std::move(found.error()));
    HostedDomain& domain = **found;
    if (domain.phase != HostedDomain::Phase::running) {
        return failure(ErrorKind::failed, "keep", "the guest " + domain.name,
                       domain.ending.empty() ? "it was not started" : domain.ending);
    }
    domain.kept = true;
    domain.creator = 0;
    remember_process(domain);
    saver_->follow(domain.id, domain.name);
    return ok();
}

Result<AgentMessage> Agent::move(const AgentMessage& message) {
    auto found = domain_of(message);
    if (!found) return std::unexpected(std::move(found.error()));
    HostedDomain& domain = **found;
    const auto index = message.number("index", ports_max - 1);
    const std::string bridge(message.text("bridge"));
    const auto port = std::ranges::find(domain.ports, index.value_or(ports_max), &VethPort::index);
    if (port == domain.ports.end() || !is_bridge_name(bridge)) {
        return bad_request(message, "the domain has no such interface, or bridge is not valid");
    }
    if (auto moved = ports_->links().set_master(port->link, bridge); !moved) {
        return std::unexpected(std::move(moved.error()));
    }
    if (auto told = rename_bridge(*store_, domain.id, port->index, bridge); !told) {
        return std::unexpected(told.error().error());
    }
    return ok();
}

AgentMessage Agent::list(const AgentMessage& message) {
    AgentMessage reply = ok();
    const auto after = message.number("after", UINT16_MAX).value_or(0);
    std::size_t count = 0;
    for (auto at = domains_.upper_bound(static_cast<xs::DomainId>(after));
         at != domains_.end() && count < domains_per_page; ++at, ++count) {
        const HostedDomain& domain = *at->second;
        const bool running = domain.phase == HostedDomain::Phase::running;
        // A guest that serves already but is not kept yet is still being made.
        const auto shown = running && !domain.kept ? HostedDomain::Phase::building : domain.phase;
        const bool paused = shown == HostedDomain::Phase::running && domain.paused;
        reply.add("domain", domain.id)
            .add("name", domain.name)
            .add("uuid", domain.uuid)
            .add("state", paused ? name(DomainState::paused) : phase_name(shown))
            .add("memory", domain.memory)
            .add("cpu", running ? processor_time(domain.pid) : 0);
        if (!domain.ending.empty()) reply.add("ending", domain.ending);
        if (domain.ended_by != Ending::none) reply.add("ended-by", name(domain.ended_by));
    }
    return reply;
}

void Agent::client_gone(ClientId client) {
    std::vector<xs::DomainId> orphans;
    for (auto& [id, domain] : domains_) {
        std::erase(domain->destroyers, client);
        if (!domain->kept && domain->creator == client) orphans.push_back(id);
    }
    for (const auto id : orphans) {
        HostedDomain& domain = *domains_.at(id);
        log("the creator of " + domain.name + " went away: domain " + std::to_string(id) +
            " is removed");
        domain.creator = 0;
        kill(domain);
    }
    for (auto at = console_waiters_.begin(); at != console_waiters_.end();) {
        if (at->client == client) {
            loop_->cancel(at->limit);
            at = console_waiters_.erase(at);
        } else {
            ++at;
        }
    }
}

void Agent::log(const std::string& line) {
    std::fprintf(stderr, "agent: %s\n", line.c_str());
}

}  // namespace stemma::toolstack
