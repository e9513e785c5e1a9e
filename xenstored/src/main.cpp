// The program: command line, locks, sockets, then the loop.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "store/publisher.hpp"
#include "xenstored/adoption.hpp"
#include "xenstored/become_program.hpp"
#include "xenstored/control_commands.hpp"
#include "xenstored/daemon.hpp"
#include "xenstored/descriptor_store.hpp"
#include "xenstored/history.hpp"
#include "xenstored/hosted_hypervisor.hpp"
#include "xenstored/keeper.hpp"
#include "xenstored/laps.hpp"
#include "xenstored/live_update.hpp"
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

// What our keeper tells the daemon that it starts: that it does.
constexpr char kept_mark[] = "STEMMA_KEPT";

std::string started_in() {
    char* const here = ::getcwd(nullptr, 0);
    std::string place = here != nullptr ? here : "/";
    std::free(here);
    return place;
}

// A relative path means the place where the daemon was started, though it goes to "/".
std::string absolute(const std::string& path) {
    if (path.empty() || path.front() == '/') return path;
    return started_in() + '/' + path;
}

struct Archive {
    std::unique_ptr<stemma::store::Publisher> publisher;
    std::unique_ptr<Reader> reader;
    std::unique_ptr<GuestStates> states;
};

// The control domain of a Xen host, or a machine without Xen, whose domains the agent makes.
std::expected<std::unique_ptr<Hypervisor>, std::string> open_hypervisor(
    Poller& poller, const std::string& directory, DescriptorStore& store) {
    if (!XenHypervisor::is_here()) {
        auto hosted = std::make_unique<HostedHypervisor>(
            directory + '/' + stemma::xs::hosted_socket_name, poller);
        hosted->keep_in(store);
        hosted->adopt(HostedHypervisor::held_in(store));
        return hosted;
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
    auto publisher = stemma::store::Publisher::open({.repository = options.repository,
                                                     .interval = options.publish_interval,
                                                     .retention = options.retention});
    if (!publisher) {
        std::fprintf(stderr, "xenstored: no history is kept: %s\n",
                     publisher.error().text().c_str());
        return archive;
    }
    archive.publisher = std::move(*publisher);
    archive.reader = std::make_unique<Reader>(options.repository);
    archive.states = std::make_unique<GuestStates>(*archive.publisher);
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
    const auto changed = revert_subtree(branch, "/stemma", wanted);
    if (server.connections().size() == 0) {
        server.tree().publish(branch);  // before the first commit, which is of all that is there
    } else {
        server.publish_as_domain0(branch, changed, stamp);
    }
}

// The first commit of this run, so that there is one to name from the beginning.
void publish_start(stemma::store::Publisher& publisher, Server& server, const char* how) {
    stemma::store::Submission start;
    start.tree = server.tree().head();
    start.info = {"domain 0", server.clock().wall(), {how}};
    publisher.submit(std::move(start));
}

// The one thread waits here, for a moment, since nobody is served any more anyhow: what is not
// written yet would be lost from the history, though not from the store.
void write_history(ControlCommands& commands, stemma::store::Publisher& publisher) {
    constexpr int at_most_ms = 2000;
    pollfd completion{publisher.completion_fd(), POLLIN, 0};
    while (!commands.settle() && ::poll(&completion, 1, at_most_ms) > 0)
        commands.take_completions();
}

// What the program before this one left, if it was a live update.
std::expected<std::optional<Handover>, std::string> handover_of(const Options& options,
                                                                const std::string& directory) {
    if (options.take_over < 0 && !options.after_c) return std::nullopt;
    auto handover =
        options.take_over >= 0 ? take_handover(options.take_over) : take_handover(directory);
    if (!handover) return std::unexpected(std::move(handover).error());
    return std::optional(std::move(*handover));
}

// The locks on the run directory and the pid file; none if another daemon has one of them.
std::expected<std::vector<Descriptor>, std::string> take_locks(const std::string& directory,
                                                               const std::string& pid_path,
                                                               DescriptorStore& store) {
    std::vector<Descriptor> locks;
    // The run directory's goes on from one process to the next.
    PidFile held{store.take("lock"), false};
    const bool is_held = static_cast<bool>(held.file);
    auto run_lock = is_held ? std::move(held) : lock_directory(directory);
    if (!run_lock) return std::unexpected(run_lock.error());
    if (run_lock->held_elsewhere) return locks;
    if (!pid_path.empty()) {
        auto pid_file = lock_pid_file(pid_path);
        if (pid_file && pid_file->held_elsewhere) return locks;
        // Whoever goes on is needed more than the file, which a full file system forbids.
        if (!pid_file && !store.has_held()) return std::unexpected(pid_file.error());
        if (pid_file) locks.push_back(std::move(pid_file->file));
    }
    if (!is_held) store.store("lock", run_lock->file.get());
    locks.push_back(std::move(run_lock->file));
    return locks;
}

void open_trace(Trace& trace, const Options& options, const std::string& path,
                const std::optional<Handover>& handover) {
    const bool kept = handover && !handover->trace_file.empty();
    const std::string& file = kept ? handover->trace_file : path;
    if (!file.empty()) {
        auto opened = Trace::open(file);
        if (opened) {
            trace = std::move(*opened);
        } else {
            std::fprintf(stderr, "xenstored: %s\n", opened.error().c_str());
        }
    }
    for (const std::string& text : options.trace_switches) {
        if (!trace.set_switch(text)) {
            std::fprintf(stderr, "xenstored: no trace switch is called %s\n", text.c_str());
        }
    }
    if (kept) trace.set_classes(handover->trace_classes);
}

// What the keeper is to start again, and how, even if the file is replaced, or both were by a live
// update.
void give_program(DescriptorStore& store, const std::vector<std::string>& arguments) {
    store.take(Keeper::program);
    store.take(Keeper::arguments);
    std::string words;
    for (const std::string& word : inherited_arguments(arguments, true))
        words.append(word) += '\0';
    const Descriptor file(::memfd_create("arguments", MFD_CLOEXEC));
    const auto written = file ? ::write(file.get(), words.data(), words.size()) : -1;
    if (written == static_cast<ssize_t>(words.size())) store.store(Keeper::arguments, file.get());
    const Descriptor program(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    if (program) store.store(Keeper::program, program.get());
}

// Ends this program in favour of another one; returns only if it could not be started.
std::string update_to(const LiveUpdate::Order& order, Laps held, Daemon& daemon,
                      Hypervisor& hypervisor, const std::vector<Descriptor>& locks,
                      const std::vector<std::string>& arguments, const std::string& directory,
                      Log& log) {
    Server& server = daemon.server();
    Handover handover;
    handover.held_since = held.began();
    handover.state = server.capture();
    if (!order.to_ours) {
        // C would take what they write next for the live tree's.
        std::erase_if(handover.state.connections,
                      [](const auto& one) { return one.second.closes; });
        if (!handover.state.connections.contains(order.client.value)) {
            return "This client has a what-if branch checked out, which C cannot keep.";
        }
    }
    State::Connection& client = handover.state.connections[order.client.value];
    // The next program answers for this one.
    client.deferred.reset();
    client.output.push_back({LiveUpdate::success(order.request), false});
    handover.listener = daemon.listener();
    for (const Descriptor& lock : locks)
        handover.locks.push_back(lock.get());
    if (server.trace().is_open()) handover.trace_file = server.trace().path();
    handover.trace_classes = server.trace().classes();
    const auto to = order.to_ours ? Hypervisor::Successor::ours : Hypervisor::Successor::c;
    hypervisor.hand_over(handover, to);
    held.end("state");
    if (!order.to_ours) {
        for (const std::string& what : left_out(handover.state, order.version))
            log.say(Severity::info, "live update: C is not told of " + what);
    }
    const auto left = leave_state(order, handover, directory);
    std::string reason;
    if (left) {
        held.end("writing " + std::to_string(left->size) + " bytes");
        log.say(Severity::info, "live update: to " + order.program + " after " +
                                    order.waits.text() + "; clients wait, till now for " +
                                    held.text());
        // Should C be killed, nobody of ours may take this up again; should it not start, we go on,
        // but cannot be killed any more.
        if (!order.to_ours) daemon.forget_restart();
        reason = become_program(
            order, handover, *left,
            order.arguments ? *order.arguments : inherited_arguments(arguments, order.to_ours));
    } else {
        reason = left.error();
    }
    hypervisor.take_back();
    log.say(Severity::error, "live update: " + reason);
    return reason;
}

int serve(const Options& options, const std::vector<std::string>& arguments) {
    const auto began = Laps::Clock::now();
    std::string directory = environment("XENSTORED_RUNDIR");
    if (directory.empty()) directory = "/run/xenstored";
    directory = absolute(directory);
    std::string socket = environment("XENSTORED_PATH");
    socket = socket.empty() ? directory + "/socket" : absolute(socket);
    const std::string pid_path = absolute(options.pid_file);
    const std::string trace_path = absolute(options.trace_file);
    Options placed = options;
    placed.repository = absolute(options.repository);

    const bool taking_over = options.take_over >= 0 || options.after_c;
    const bool kept = !environment(kept_mark).empty();
    auto daemonizer = Daemonizer::start(options.fork && !kept && !taking_over);
    if (!daemonizer) {
        std::fprintf(stderr, "FATAL: xenstored: %s\n", daemonizer.error().c_str());
        return 1;
    }
    ::mkdir(directory.c_str(), 0755);
    ::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    Daemon::block_signals();
    DescriptorStore store;
    if (options.restartable) store = DescriptorStore::from_environment();
    if (kept) give_program(store, arguments);
    const auto failed = [&](const std::string& why) {
        // Of one that is started again nobody reads the standard error.
        if (store.has_held()) SystemLog().say(Severity::error, why);
        return fail(*daemonizer, why);
    };
    // Clients wait: the disk is looked at while the state is read.
    auto opening = std::async(taking_over ? std::launch::async : std::launch::deferred,
                              open_archive, std::cref(placed));
    auto handover = handover_of(placed, directory);
    if (!handover) return failed("live update: " + handover.error());
    Laps held(*handover ? (*handover)->held_since : began);
    held.end("until this program began", began);
    held.end("reading the state");
    std::vector<Descriptor> locks;
    if (*handover && !(*handover)->locks.empty()) {
        for (const int lock : (*handover)->locks)
            locks.emplace_back(lock);
        store.store("lock", locks.back().get());  // the run directory's
    } else {
        auto taken = take_locks(directory, pid_path, store);
        if (!taken) return failed(taken.error());
        locks = std::move(*taken);
        // After a live update it is this process that holds them, in descriptors that C was given.
        if (locks.empty() && !taking_over) {
            daemonizer->report(0, false);
            return 0;
        }
    }
    auto poller = Poller::create();
    if (!poller) return failed(poller.error());

    Archive archive = opening.get();
    held.end("opening the history");
    NoHistory none;
    std::optional<PublishedHistory> published;
    if (archive.publisher) published.emplace(*archive.publisher, *archive.states);
    History& history = published ? static_cast<History&>(*published) : none;
    auto hypervisor = open_hypervisor(*poller, directory, store);
    if (!hypervisor) return failed(hypervisor.error());
    SystemLog log;
    Daemon daemon({options.limits, options.keep_orphans, options.privileged_domain}, *poller,
                  **hypervisor, history, store);
    daemon.server().set_log(log);
    const std::string log_directory = directory + "/restart";
    const bool again = options.restartable && !taking_over && daemon.recover(log_directory, log);
    std::optional<ControlCommands::Archive> parts;
    if (archive.publisher) parts.emplace(*archive.publisher, *archive.reader, *archive.states);
    ControlCommands commands(daemon.server(), parts);
    if (archive.publisher) {
        if (!taking_over && !again) load_configuration(*archive.publisher, daemon.server());
        daemon.attach(commands, std::array{archive.publisher->completion_fd(),
                                           archive.reader->completion_fd()});
    }
    open_trace(daemon.server().trace(), options, trace_path, *handover);

    LiveUpdate live_update(
        daemon.server(), *poller,
        [&](const LiveUpdate::Order& order) {
            Laps waiting;
            if (archive.publisher) write_history(commands, *archive.publisher);
            daemon.server().flush();
            waiting.end("history");
            return update_to(order, waiting, daemon, **hypervisor, locks, arguments, directory,
                             log);
        },
        [&] { return commands.settle(); });
    commands.set_live_update(live_update);
    daemon.attach(live_update);
    const auto listening = *handover ? daemon.resume(**handover, socket) : daemon.listen(socket);
    if (!listening) return failed(listening.error());
    held.end("restoring it");
    if (archive.publisher) {
        publish_start(*archive.publisher, daemon.server(),
                      taking_over ? "xenstored updated"
                      : again     ? "xenstored started again after a crash"
                                  : "xenstored started");
    }
    // A C xenstored that was never ours has no configuration; one that was has kept it.
    const bool has_configuration = daemon.server().tree().head().find("/stemma") != nullptr;
    if (archive.publisher && options.after_c && !has_configuration) {
        load_configuration(*archive.publisher, daemon.server());
    }
    if (options.restartable) {
        daemon.keep_restart_log(log_directory, log);
        commands.set_restart_log(daemon.restart_log(), store);
        held.end("writing the restart log");
    }
    if (taking_over) {
        held.end("going on");
        log.say(Severity::info, "live update: goes on with " +
                                    std::to_string(daemon.server().connections().size()) +
                                    " connections; they waited " + held.total() + ": " +
                                    held.text());
        if (kept) notify_service_manager("READY=1");
        daemon.run();
        return 0;
    }

    if (options.print_pid) {
        std::printf("%ld\n", static_cast<long>(::getpid()));
        std::fflush(stdout);
    }
    // In this order: a service manager must not see the process it started end before that.
    notify_service_manager("READY=1");
    daemonizer->report(0, true);
    if (kept) {
        close_standard_streams();
        if (::chdir("/") != 0) return 1;
    }
    daemon.run();
    return 0;
}

// Stays behind as the one that holds the daemon's descriptors and starts it again.
int keep(const char* program, std::vector<std::string> arguments, bool after_c) {
    ::setenv(kept_mark, "1", 1);
    auto daemonizer = Daemonizer::start(!after_c);
    if (!daemonizer) {
        std::fprintf(stderr, "FATAL: xenstored: %s\n", daemonizer.error().c_str());
        return 1;
    }
    arguments.insert(arguments.begin(), program);
    return Keeper::run(arguments, *daemonizer);
}

}  // namespace

int main(int argc, char** argv) {
    // The keeper starts a program by its descriptor, which is no name to be shown.
    ::prctl(PR_SET_NAME, std::filesystem::path(argv[0]).filename().c_str());
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
    // A program that this one becomes is started elsewhere.
    const auto arguments = with_absolute_paths({argv + 1, argv + argc}, started_in());
    for (const char* const name : {"XENSTORED_RUNDIR", "XENSTORED_PATH", "STEMMA_REPOSITORY"}) {
        const std::string place = environment(name);
        if (!place.empty()) ::setenv(name, absolute(place).c_str(), 1);
    }
    // One of ours that takes over has the keeper that the one before had.
    const bool kept = !environment(kept_mark).empty() || options->take_over >= 0;
    if (options->fork && options->restartable && !kept) {
        return keep(argv[0], arguments, options->after_c);
    }
    return serve(*options, arguments);
}
