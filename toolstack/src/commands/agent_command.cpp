#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "commands.hpp"
#include "toolstack/agent/agent.hpp"
#include "toolstack/hosted_platform.hpp"

namespace stemma::toolstack {

namespace {

// $STEMMA_GUESTS, or `guests` beside the directory of this program, as the build has it.
std::string guest_directory() {
    const char* given = std::getenv("STEMMA_GUESTS");
    if (given != nullptr && *given != '\0') return given;
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    return (self.parent_path().parent_path() / "guests").string();
}

}  // namespace

Result<int> run_agent(Invocation& call) {
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
    // A log that nobody reads any more must not be the end of it.
    ::signal(SIGPIPE, SIG_IGN);
    auto agent = Agent::open(options);
    if (!agent) return std::unexpected(std::move(agent.error()));
    call.printer.line("agent: ready at " + options.socket);
    call.printer.document(Json::object().set("socket", options.socket));
    if (auto ran = (*agent)->run(); !ran) return std::unexpected(std::move(ran.error()));
    return 0;
}

}  // namespace stemma::toolstack
