#include "xenstored/daemon.hpp"

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "xenstored/socket_transport.hpp"
#include "xenstored/unix_socket.hpp"

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
               History& history)
    : poller_(&poller), hypervisor_(&hypervisor), server_(settings, hypervisor, history, clock_) {}

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
    poller_->add(listener_.get(), {PollKey::Kind::listener, 0}, true, false);
}

std::unique_ptr<Transport> Daemon::adopt_client(ConnectionId id, int descriptor) {
    const PollKey key{PollKey::Kind::client, id.value};
    Descriptor socket(descriptor);
    if (!poller_->add(descriptor, key, true, false)) return nullptr;
    return std::make_unique<SocketTransport>(std::move(socket), *poller_, key);
}

std::expected<void, std::string> Daemon::resume(Handover& handover, const std::string& socket) {
    if (auto opened = open_signals(); !opened) return opened;
    hypervisor_->take_over(handover);
    server_.restore(handover.state, [this](ConnectionId id, int descriptor) {
        return adopt_client(id, descriptor);
    });
    auto started = hypervisor_->start(server_, Hypervisor::Start::again);
    if (!started) return started;
    wait_for_clients(Descriptor(handover.listener), socket);
    return {};
}

std::expected<void, std::string> Daemon::listen(const std::string& socket) {
    if (auto opened = open_signals(); !opened) return opened;
    if (auto started = hypervisor_->start(server_, Hypervisor::Start::anew); !started)
        return started;
    auto listener = listen_unix(socket, SOCK_STREAM);
    if (!listener) return std::unexpected(std::move(listener).error());
    wait_for_clients(std::move(*listener), socket);
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
        const auto ready = poller_->wait(deadline);
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
        if (!accepting_ && server_.connections().size() < clients) {
            accepting_ = true;
            poller_->change(listener_.get(), {PollKey::Kind::listener, 0}, true, false);
        }
    }
    if (!socket_path_.empty()) ::unlink(socket_path_.c_str());
}

void Daemon::accept_clients() {
    constexpr int per_turn = 64;
    for (int i = 0; i < per_turn; ++i) {
        Descriptor socket(
            ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) {
            // Out of descriptors: leave the rest in the backlog until a client goes, instead of
            // waking up for them without end.
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                accepting_ = false;
                poller_->change(listener_.get(), {PollKey::Kind::listener, 0}, false, false);
            }
            return;
        }
        const int fd = socket.get();
        const ConnectionId id = server_.connect_with([&](ConnectionId named) {
            return std::make_unique<SocketTransport>(std::move(socket), *poller_,
                                                     PollKey{PollKey::Kind::client, named.value});
        });
        if (!poller_->add(fd, {PollKey::Kind::client, id.value}, true, false)) {
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
