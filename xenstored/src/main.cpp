// The program: command line, locks, sockets, then the loop.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "store/publisher.hpp"
#include "xenstored/adoption.hpp"
#include "xenstored/control_commands.hpp"
#include "xenstored/daemon.hpp"
#include "xenstored/history.hpp"
#include "xenstored/hosted_hypervisor.hpp"
#include "xenstored/options.hpp"
#include "xenstored/poller.hpp"
#include "xenstored/published_history.hpp"
#include "xenstored/reader.hpp"
#include "xenstored/service.hpp"
#include "xenstored/system_log.hpp"
#include "xenstored/xen_hypervisor.hpp"
#include "xenstored/xen_interface.hpp"
#include "xs_wire/hosted_link.hpp"

namespace {

using namespace stemma::xenstored;

std::string environment(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

int fail(Daemonizer& daemonizer, const std::string& why) {
    std::fprintf(stderr, "FATAL: xenstored: %s\n", why.c_str());
    daemonizer.report(1, false);
    return 1;
}

// A relative path means the place where the daemon was started, though it goes to "/".
std::string absolute(const std::string& path) {
    if (path.empty() || path.front() == '/') return path;
    char* const here = ::getcwd(nullptr, 0);
    if (here == nullptr) return path;
    std::string whole = std::string(here) + '/' + path;
    std::free(here);
    return whole;
}

struct Archive {
    std::unique_ptr<stemma::store::Publisher> publisher;
    std::unique_ptr<Reader> reader;
};

// The control domain of a Xen host, or a machine without Xen, whose domains the agent makes.
std::expected<std::unique_ptr<Hypervisor>, std::string> open_hypervisor(
    Poller& poller, const std::string& directory) {
    if (!XenHypervisor::is_here()) {
        return std::make_unique<HostedHypervisor>(directory + '/' + stemma::xs::hosted_socket_name,
                                                  poller);
    }
    auto xen = open_xen();
    if (!xen) return std::unexpected(std::move(xen).error());
    return std::make_unique<XenHypervisor>(std::move(*xen), poller);
}

// A repository that cannot be opened never stops the service: the host needs its store. It is
// said, and what needs history answers ENOSYS.
Archive open_archive(const Options& options) {
    Archive archive;
    if (options.repository.empty()) return archive;
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(options.repository).parent_path(),
                                        ignored);
    auto publisher = stemma::store::Publisher::open(
        {.repository = options.repository, .interval = options.publish_interval});
    if (!publisher) {
        std::fprintf(stderr, "xenstored: no history is kept: %s\n",
                     publisher.error().text().c_str());
        return archive;
    }
    archive.publisher = std::move(*publisher);
    archive.reader = std::make_unique<Reader>(options.repository);
    return archive;
}

// The wanted configuration outlives the daemon; the rest of the tree begins anew.
void load_configuration(stemma::store::Publisher& publisher, Server& server) {
    const auto configuration = publisher.load_config();
    if (!configuration) {
        std::fprintf(stderr, "xenstored: /stemma is not loaded: %s\n",
                     configuration.error().text().c_str());
        return;
    }
    const stemma::store::Node* const wanted = configuration->find("/stemma");
    if (wanted == nullptr) return;
    const stemma::store::Stamp stamp{server.clock().wall(), 0, stemma::store::Operation::load};
    Branch branch = server.tree().branch(stamp);
    revert_subtree(branch, "/stemma", wanted);
    server.tree().publish(branch);  // nobody watches yet
}

// The first commit of this run, so that there is one to name from the beginning.
void publish_start(stemma::store::Publisher& publisher, Server& server) {
    stemma::store::Submission start;
    start.tree = server.tree().head();
    start.info = {"domain 0", server.clock().wall(), {"xenstored started"}};
    publisher.submit(std::move(start));
}

int serve(const Options& options) {
    std::string directory = environment("XENSTORED_RUNDIR");
    if (directory.empty()) directory = "/run/xenstored";
    directory = absolute(directory);
    std::string socket = environment("XENSTORED_PATH");
    socket = socket.empty() ? directory + "/socket" : absolute(socket);
    const std::string pid_path = absolute(options.pid_file);
    const std::string trace_path = absolute(options.trace_file);
    Options placed = options;
    placed.repository = absolute(options.repository);

    auto daemonizer = Daemonizer::start(options.fork);
    if (!daemonizer) {
        std::fprintf(stderr, "FATAL: xenstored: %s\n", daemonizer.error().c_str());
        return 1;
    }
    ::mkdir(directory.c_str(), 0755);
    auto run_lock = lock_directory(directory);
    if (!run_lock) return fail(*daemonizer, run_lock.error());
    PidFile pid_file;
    if (!run_lock->held_elsewhere && !pid_path.empty()) {
        auto locked = lock_pid_file(pid_path);
        if (!locked) return fail(*daemonizer, locked.error());
        pid_file = std::move(*locked);
    }
    if (run_lock->held_elsewhere || pid_file.held_elsewhere) {
        daemonizer->report(0, false);
        return 0;
    }
    ::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();

    Daemon::block_signals();
    auto poller = Poller::create();
    if (!poller) return fail(*daemonizer, poller.error());

    Archive archive = open_archive(placed);
    NoHistory none;
    std::optional<PublishedHistory> published;
    if (archive.publisher) published.emplace(*archive.publisher);
    History& history = published ? static_cast<History&>(*published) : none;
    auto hypervisor = open_hypervisor(*poller, directory);
    if (!hypervisor) return fail(*daemonizer, hypervisor.error());
    SystemLog log;
    Daemon daemon({options.limits, options.keep_orphans, options.privileged_domain}, *poller,
                  **hypervisor, history);
    daemon.server().set_log(log);
    ControlCommands commands(daemon.server(), archive.publisher.get(), archive.reader.get());
    if (archive.publisher) {
        load_configuration(*archive.publisher, daemon.server());
        publish_start(*archive.publisher, daemon.server());
        daemon.attach(commands, std::array{archive.publisher->completion_fd(),
                                           archive.reader->completion_fd()});
    }
    if (!trace_path.empty()) {
        auto trace = Trace::open(trace_path);
        if (trace) {
            daemon.server().trace() = std::move(*trace);
        } else {
            std::fprintf(stderr, "xenstored: %s\n", trace.error().c_str());
        }
    }
    for (const std::string& text : options.trace_switches) {
        if (!daemon.server().trace().set_switch(text)) {
            std::fprintf(stderr, "xenstored: no trace switch is called %s\n", text.c_str());
        }
    }
    const auto listening = daemon.listen(socket);
    if (!listening) return fail(*daemonizer, listening.error());

    if (options.print_pid) {
        std::printf("%ld\n", static_cast<long>(::getpid()));
        std::fflush(stdout);
    }
    // In this order: a service manager must not see the process it started end before that.
    notify_service_manager("READY=1");
    daemonizer->report(0, true);
    daemon.run();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const auto options =
        parse_options(std::span<const char* const>(argv + 1, static_cast<std::size_t>(argc - 1)),
                      environment("STEMMA_REPOSITORY"));
    if (!options) {
        std::fprintf(stderr, "FATAL: %s: %s\n", argv[0], options.error().c_str());
        return 1;
    }
    for (const std::string& warning : options->warnings)
        std::fprintf(stderr, "%s: %s\n", argv[0], warning.c_str());
    if (options->help) {
        std::fputs(usage().c_str(), stdout);
        return 0;
    }
    return serve(*options);
}
