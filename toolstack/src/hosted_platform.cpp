#include "toolstack/hosted_platform.hpp"

#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "toolstack/unix_socket.hpp"
#include "toolstack/xen_image.hpp"

namespace stemma::toolstack {

namespace {

// Longer than anything the agent does for one request, saving a guest's state included.
constexpr int reply_limit_ms = 30'000;

std::unexpected<Error> no_agent(std::string cause) {
    return failure(ErrorKind::unavailable, "reach the agent at", agent_socket(), std::move(cause),
                   "start it: stemma agent (and xenstored before it); $STEMMA_RUNDIR says where "
                   "its socket is");
}

std::unexpected<Error> malformed(const AgentMessage& reply) {
    return failure(ErrorKind::failed, "understand the agent's answer", '"' + reply.verb() + '"',
                   "a field is missing", "agent and command line must be of one version");
}

}  // namespace

std::string_view name(DomainState state) {
    switch (state) {
        case DomainState::building:
            return "building";
        case DomainState::running:
            return "running";
        case DomainState::paused:
            return "paused";
        case DomainState::shut_down:
            return "shut-down";
    }
    return "";
}

std::string agent_socket() {
    const char* directory = std::getenv("STEMMA_RUNDIR");
    return std::string(directory != nullptr && *directory != '\0' ? directory : "/run/stemma") +
           "/agent";
}

std::string network_namespace() {
    struct stat status {};
    if (::stat("/proc/self/ns/net", &status) != 0) return "";
    return std::to_string(status.st_ino);
}

Result<std::unique_ptr<HostedPlatform>> HostedPlatform::connect(const std::string& socket) {
    auto connected = connect_unix(socket, SOCK_SEQPACKET);
    if (!connected) return no_agent(connected.error());
    std::unique_ptr<HostedPlatform> platform(new HostedPlatform(std::move(*connected)));
    const auto hello = platform->ask(AgentMessage("hello"));
    if (!hello) return std::unexpected(hello.error());
    if (hello->text("network-namespace") != network_namespace()) {
        return failure(ErrorKind::unavailable, "use the agent at", socket,
                       "it lives in another network namespace",
                       "run this command in the agent's: nsenter -t " +
                           std::string(hello->text("pid")) + " -U -n --preserve-credentials");
    }
    return platform;
}

Result<AgentMessage> HostedPlatform::ask(const AgentMessage& request, int descriptor) {
    const auto descriptors =
        descriptor >= 0 ? std::span<const int>(&descriptor, 1) : std::span<const int>();
    if (const int error = send_with_descriptors(socket_.get(), request.encode(), descriptors);
        error != 0) {
        return no_agent(std::strerror(error));
    }
    pollfd waiting{socket_.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, reply_limit_ms);
    if (ready <= 0) {
        socket_.reset();
        return no_agent("it did not answer `" + request.verb() + "` in time");
    }
    const auto datagram = receive_datagram(socket_.get(), AgentMessage::bytes_max);
    if (!datagram) {
        return no_agent(datagram.error() == ENOTCONN ? "it closed the connection"
                                                     : std::strerror(datagram.error()));
    }
    auto reply = AgentMessage::decode(datagram->bytes);
    if (!reply) return no_agent("its answer is " + reply.error());
    if (reply->verb() == "error") return std::unexpected(to_error(*reply));
    return std::move(*reply);
}

Result<NewDomain> HostedPlatform::create_domain(const DomainRequest& request) {
    AgentMessage message("create");
    message.add("name", request.name).add("uuid", request.uuid).add("memory", request.memory);
    for (const auto& key : end_keys)
        message.add(std::string(key.name), name(request.ends.*key.action));
    const auto reply = ask(message);
    if (!reply) return std::unexpected(reply.error());
    const auto id = reply->number("domain", xs::domid_first_reserved - 1);
    const auto port = reply->number("store-port", UINT32_MAX);
    if (!id || *id == 0 || !port) return malformed(*reply);
    return NewDomain{static_cast<DomainId>(*id), static_cast<std::uint32_t>(*port),
                     static_cast<std::uint32_t>(*port + 1)};
}

// The process gets image and arguments when it begins; its rings have no frames, and any number
// names the one there is (xs_wire/hosted_link.hpp).
Result<RingFrames> HostedPlatform::load(DomainId domain, LoadRequest request) {
    if (request.image.starts_with('/') && is_xen_image(request.image)) {
        return failure(ErrorKind::refused, "load the image", request.image,
                       "it is for Xen, and here there is none: a guest is a Linux process",
                       "stemma's own images have their processes beside them; others need Xen");
    }
    loaded_[domain] = std::move(request);
    return RingFrames{1, 1};
}

Result<std::string> HostedPlatform::attach_port(DomainId domain, const PortRequest& request) {
    AgentMessage message("attach");
    message.add("domain", domain)
        .add("index", request.index)
        .add("bridge", request.bridge)
        .add("mac", to_string(request.mac));
    const auto reply = ask(message);
    if (!reply) return std::unexpected(reply.error());
    return std::string(reply->text("link"));
}

Result<bool> HostedPlatform::detach_port(DomainId domain, unsigned index) {
    return failure(ErrorKind::refused, "detach", "interface " + std::to_string(index),
                   "domain " + std::to_string(domain) +
                       " is a process, which was given its ports when it began");
}

Result<void> HostedPlatform::start(DomainId domain) {
    auto loaded = loaded_.extract(domain);
    if (loaded.empty()) {
        return failure(ErrorKind::failed, "start", "domain " + std::to_string(domain),
                       "no image was loaded");
    }
    const LoadRequest& request = loaded.mapped();
    AgentMessage message("start");
    message.add("domain", domain).add("image", request.image).add("arguments", request.arguments);
    const auto reply = ask(message, request.state ? request.state->get() : -1);
    if (!reply) return std::unexpected(reply.error());
    return {};
}

Result<void> HostedPlatform::keep(DomainId domain) {
    const auto reply = ask(AgentMessage("keep").add("domain", domain));
    if (!reply) return std::unexpected(reply.error());
    return {};
}

Result<void> HostedPlatform::destroy(DomainId domain) {
    const auto reply = ask(AgentMessage("destroy").add("domain", domain));
    if (!reply) return std::unexpected(reply.error());
    return {};
}

Result<void> HostedPlatform::pause(DomainId domain) {
    const auto reply = ask(AgentMessage("pause").add("domain", domain));
    if (!reply) return std::unexpected(reply.error());
    return {};
}

Result<void> HostedPlatform::unpause(DomainId domain) {
    const auto reply = ask(AgentMessage("unpause").add("domain", domain));
    if (!reply) return std::unexpected(reply.error());
    return {};
}

Result<void> HostedPlatform::move_port(DomainId domain, unsigned index, const std::string& bridge) {
    const auto reply =
        ask(AgentMessage("move").add("domain", domain).add("index", index).add("bridge", bridge));
    if (!reply) return std::unexpected(reply.error());
    return {};
}

Result<std::vector<DomainInfo>> HostedPlatform::domains() {
    std::vector<DomainInfo> domains;
    // A page holds what fits one message; the next begins after the last domain of this one.
    for (DomainId after = 0;;) {
        const auto reply = ask(AgentMessage("list").add("after", after));
        if (!reply) return std::unexpected(reply.error());
        const DomainId before = after;
        for (const auto& [key, value] : reply->fields()) {
            // Each domain's fields begin with its number.
            if (key == "domain") {
                auto& domain = domains.emplace_back();
                domain.id = static_cast<DomainId>(std::strtoul(value.c_str(), nullptr, 10));
                after = domain.id;
                continue;
            }
            if (domains.empty()) continue;
            auto& domain = domains.back();
            if (key == "name") domain.name = value;
            if (key == "uuid") domain.uuid = value;
            if (key == "ending") domain.ending = value;
            if (key == "memory") {
                domain.memory =
                    static_cast<std::uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
            }
            if (key == "cpu") domain.cpu_microseconds = std::strtoull(value.c_str(), nullptr, 10);
            for (const auto ending : {Ending::poweroff, Ending::reboot, Ending::crash}) {
                if (key == "ended-by" && value == name(ending)) domain.ended_by = ending;
            }
            if (key == "state") {
                domain.state = DomainState::shut_down;
                for (const auto state :
                     {DomainState::building, DomainState::running, DomainState::paused}) {
                    if (value == name(state)) domain.state = state;
                }
            }
        }
        if (after == before) return domains;
    }
}

Result<ConsoleOutput> HostedPlatform::console(const std::string& name, std::uint64_t offset,
                                              bool wait) {
    const auto reply = ask(AgentMessage("console")
                               .add("name", name)
                               .add("offset", offset)
                               .add("wait", wait ? "1" : "0"));
    if (!reply) return std::unexpected(reply.error());
    const auto next = reply->number("next", UINT64_MAX);
    if (!next) return malformed(*reply);
    return ConsoleOutput{std::string(reply->text("text")), *next, reply->text("ended") == "1"};
}

Result<Descriptor> HostedPlatform::console_terminal(const std::string& name) {
    return failure(ErrorKind::refused, "type to", "the guest " + name,
                   "a guest that is a process reads no console", "stemma console -f " + name);
}

}  // namespace stemma::toolstack
