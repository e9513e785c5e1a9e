#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "commands.hpp"
#include "toolstack/agent/agent.hpp"
#include "toolstack/hosted_platform.hpp"
#include "toolstack/image_path.hpp"
#include "toolstack/xen/xen_agent.hpp"

namespace stemma::toolstack {

namespace {

Result<int> run_xen_agent(Invocation& call) {
    auto agent = XenAgent::open(xenstored_socket());
    if (!agent) return std::unexpected(std::move(agent.error()));
    call.printer.line("agent: ready");
    call.printer.document(Json::object().set("ready", true));
    if (auto ran = (*agent)->run(); !ran) return std::unexpected(std::move(ran.error()));
    return 0;
}

}  // namespace

Result<int> run_agent(Invocation& call) {
    if (XenPlatform::is_here()) return run_xen_agent(call);
    AgentOptions options;
    options.socket = agent_socket();
    options.store_socket = xenstored_socket();
    options.hypervisor_socket = xenstored_socket(xs::hosted_socket_name);
    options.guest_directory = guest_directory();
    options.guests_die_with_agent = call.has("guests-die");
    options.limit_memory = !call.has("no-memory-limit");

    const auto directory = std::filesystem::path(options.socket).parent_path();
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_failure("make", "the run directory " + directory.string(), errno);
    }
    auto agent = Agent::open(options);
    if (!agent) return std::unexpected(std::move(agent.error()));
    call.printer.line("agent: ready at " + options.socket);
    call.printer.document(Json::object().set("socket", options.socket));
    if (auto ran = (*agent)->run(); !ran) return std::unexpected(std::move(ran.error()));
    return 0;
}

}  // namespace stemma::toolstack
