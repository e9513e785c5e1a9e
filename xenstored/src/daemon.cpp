#include "xenstored/daemon.hpp"

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>

#include "xenstored/recovery.hpp"
#include "xenstored/socket_transport.hpp"
#include "xenstored/unix_socket.hpp"
#include "xenstored/xen_hypervisor.hpp"

namespace stemma::xenstored {

namespace {

sigset_t handled_signals() {
    sigset_t handled;
    sigemptyset(&handled);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&handled, signal);
    return handled;
}

}  // namespace

Daemon::Daemon(const Server::Settings& settings, Poller& poller, Hypervisor& hypervisor,
               History& history, DescriptorStore& store)
    : poller_(&poller),
      hypervisor_(&hypervisor),
      store_(&store),
      server_(settings, hypervisor, history, clock_) {}

std::unique_ptr<Transport> Daemon::transport_for(ConnectionId id, Descriptor socket) {
    const PollKey key{PollKey::Kind::client, id.value};
    if (!socket || !poller_->add(socket.get(), key, true, false)) return nullptr;
    return std::make_unique<SocketTransport>(std::move(socket), *poller_, key, calls_, store_);
}

bool Daemon::recover(const std::string& directory, Log& log) {
    listener_ = store_->take("listener");
    std::map<std::uint64_t, Descriptor> sockets;
    for (auto& [number, socket] : store_->take_all("client."))
        sockets.emplace(std::strtoull(number.c_str(), nullptr, 10), std::move(socket));
    auto recovered = xenstored::recover(directory);
    if (!recovered) {
        log.say(Severity::error,
                "It cannot go on where it was, and begins anew: " + recovered.error());
    }
    // Where the agent plays the hypervisor, domains without what was held are none.
    recovered_ = recovered && *recovered && (listener_ || XenHypervisor::is_here());
    if (recovered_) {
        State& state = (*recovered)->state;
        server_.restore(state, [&](ConnectionId id, int) -> std::unique_ptr<Transport> {
            const auto held = sockets.extract(id.value);
            return held.empty() ? nullptr : transport_for(id, std::move(held.mapped()));
        });
        // A client that was accepted, and no more.
        for (auto held = sockets.upper_bound(state.last_connection); held != sockets.end();) {
            const ConnectionId id{held->first};
            auto transport = transport_for(id, std::move(held->second));
            if (transport) server_.connect_again(id, std::move(transport));
            held = sockets.erase(held);
        }
        log.say(Severity::warning,
                "It was killed and goes on: " + std::to_string(server_.connections().size()) +
                    " clients, " + std::to_string((*recovered)->frames) + " turns of the log" +
                    ((*recovered)->torn ? ", whose last was not whole" : ""));
    }
    for (const auto& [id, socket] : sockets)
        store_->remove("client." + std::to_string(id));
    store_->drop_rest();
    return recovered_;
}

void Daemon::keep_restart_log(const std::string& directory, Log& log) {
    log_ = &log;
    auto begun = RestartLog::begin({.directory = directory}, server_.capture());
    if (!begun) return log.say(Severity::error, "It keeps no restart log: " + begun.error());
    restart_log_ = std::move(*begun);
    calls_.to = restart_log_.get();
    server_.set_journal(restart_log_.get());
    had_keeper_ = store_->is_there();
    say_whether_restartable();
}

void Daemon::forget_restart() {
    server_.set_journal(nullptr);
    calls_.to = &SocketCalls::plain();
    if (restart_log_) restart_log_->discard();
    store_->forget();
}

void Daemon::say_whether_restartable() {
    if (!restart_log_) return;
    const bool is_kept = store_->is_there() || !had_keeper_;
    const bool restartable = restart_log_->restartable() && is_kept;
    if (restartable == told_restartable_) return;
    told_restartable_ = restartable;
    if (restartable) return log_->say(Severity::warning, "It can be killed and goes on, again");
    log_->say(Severity::error,
              "It is not restartable, and a crash would lose its clients: " +
                  (is_kept ? restart_log_->stats().last_error : "its keeper has ended"));
}

void Daemon::block_signals() {
    const sigset_t handled = handled_signals();
    ::sigprocmask(SIG_BLOCK, &handled, nullptr);
}

void Daemon::attach(ControlCommands& commands, std::span<const int> completion_fds) {
    commands_ = &commands;
    for (const int fd : completion_fds)
        poller_->add(fd, {PollKey::Kind::history, 0}, true, false);
}

std::expected<void, std::string> Daemon::open_signals() {
    const sigset_t handled = handled_signals();
    signals_ = Descriptor(::signalfd(-1, &handled, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!signals_) return std::unexpected(std::string("signalfd: ") + std::strerror(errno));
    poller_->add(signals_.get(), {PollKey::Kind::signal, 0}, true, false);
    return {};
}

void Daemon::wait_for_clients(Descriptor listener, const std::string& socket) {
    listener_ = std::move(listener);
    socket_path_ = socket;
    store_->store("listener", listener_.get());
    poller_->add(listener_.get(), {PollKey::Kind::listener, 0}, true, false);
}

std::expected<void, std::string> Daemon::resume(Handover& handover, const std::string& socket) {
    if (auto opened = open_signals(); !opened) return opened;
    hypervisor_->take_over(handover);
    server_.restore(handover.state, [this](ConnectionId id, int descriptor) {
        store_->store("client." + std::to_string(id.value), descriptor);
        return transport_for(id, Descriptor(descriptor));
    });
    auto started = hypervisor_->start(server_, Hypervisor::Start::again);
    if (!started) return started;
    wait_for_clients(Descriptor(handover.listener), socket);
    return {};
}

std::expected<void, std::string> Daemon::listen(const std::string& socket) {
    if (auto opened = open_signals(); !opened) return opened;
    const auto how = recovered_ ? Hypervisor::Start::again : Hypervisor::Start::anew;
    if (auto started = hypervisor_->start(server_, how); !started) return started;
    if (!listener_) {
        auto listener = listen_unix(socket, SOCK_STREAM);
        if (!listener) return std::unexpected(std::move(listener).error());
        listener_ = std::move(*listener);
    }
    wait_for_clients(std::move(listener_), socket);
    return {};
}

void Daemon::run() {
    while (!stopping_) {
        std::optional<Moment> deadline;
        if (server_.has_turns_due()) {
            deadline = Moment();  // long past; min() would overflow when now is taken from it
        } else {
            Moment next = server_.next_deadline();
            if (live_update_ != nullptr) next = std::min(next, live_update_->next_deadline());
            if (next != Moment::max()) deadline = next;
        }
        const auto no_later_than = [&](std::chrono::milliseconds wait) {
            deadline = std::min(deadline.value_or(Moment::max()), clock_.now() + wait);
        };
        if (store_->waits()) no_later_than(std::chrono::milliseconds(1));
        // To write a log again is tried when nobody asks for anything, too.
        if (restart_log_ && !restart_log_->restartable()) no_later_than(std::chrono::seconds(1));
        const auto ready = poller_->wait(deadline);
        store_->flush();
        if (store_is_busy_ && !store_->waits()) {
            store_is_busy_ = false;
            accept_again();
        }
        // What the hypervisor says comes first: a client may act on it already.
        for (const Poller::Ready& one : ready) {
            switch (one.key.kind) {
                case PollKey::Kind::link_listener:
                case PollKey::Kind::link:
                case PollKey::Kind::event_channels:
                    hypervisor_->ready(one);
                    break;
                default:
                    break;
            }
        }
        for (const Poller::Ready& one : ready) {
            switch (one.key.kind) {
                case PollKey::Kind::client:
                    if (one.hung_up) {
                        server_.hung_up(ConnectionId{one.key.id});
                    } else {
                        server_.serve(ConnectionId{one.key.id});
                    }
                    break;
                case PollKey::Kind::ring:
                    hypervisor_->ready(one);
                    break;
                case PollKey::Kind::listener:
                    accept_clients();
                    break;
                case PollKey::Kind::signal:
                    take_signals();
                    break;
                case PollKey::Kind::probe:
                    live_update_->probe_ready();
                    break;
                case PollKey::Kind::history:
                    commands_->take_completions();
                    break;
                default:
                    break;
            }
        }
        server_.run_turns();
        server_.expire();
        const std::size_t clients = server_.connections().size();
        server_.flush();
        if (live_update_ != nullptr) live_update_->step();
        say_whether_restartable();
        if (server_.connections().size() < clients) accept_again();
    }
    if (!socket_path_.empty()) ::unlink(socket_path_.c_str());
    forget_restart();
}

void Daemon::stop_accepting() {
    accepting_ = false;
    poller_->change(listener_.get(), {PollKey::Kind::listener, 0}, false, false);
}

void Daemon::accept_again() {
    if (accepting_) return;
    accepting_ = true;
    poller_->change(listener_.get(), {PollKey::Kind::listener, 0}, true, false);
}

void Daemon::accept_clients() {
    constexpr int per_turn = 64;
    for (int i = 0; i < per_turn; ++i) {
        // In the backlog a client outlives us, accepted and held by nobody else it does not.
        if (store_->waits()) {
            store_is_busy_ = true;
            return stop_accepting();
        }
        Descriptor socket(
            ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) {
            // Out of descriptors: leave the rest in the backlog until a client goes, instead of
            // waking up for them without end.
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                stop_accepting();
            }
            return;
        }
        const int fd = socket.get();
        const ConnectionId id = server_.connect(nullptr);
        store_->store("client." + std::to_string(id.value), fd);
        auto transport = transport_for(id, std::move(socket));
        if (transport) {
            server_.connections().find(id)->transport = std::move(transport);
        } else {
            store_->remove("client." + std::to_string(id.value));
            server_.disconnect(id);
        }
    }
}

void Daemon::take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGHUP) {
            stopping_ = true;
        } else {
            server_.trace().reopen();
        }
    }
}

}  // namespace stemma::xenstored
