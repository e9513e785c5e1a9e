#include "xenstored/daemon.hpp"

#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

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

std::expected<void, std::string> Daemon::listen(const std::string& socket) {
    const sigset_t handled = handled_signals();
    signals_ = Descriptor(::signalfd(-1, &handled, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!signals_) return std::unexpected(std::string("signalfd: ") + std::strerror(errno));
    poller_->add(signals_.get(), {PollKey::Kind::signal, 0}, true, false);

    if (auto started = hypervisor_->start(server_, Hypervisor::Start::anew); !started)
        return started;
    auto listener = listen_unix(socket, SOCK_STREAM);
    if (!listener) return std::unexpected(std::move(listener).error());
    listener_ = std::move(*listener);
    socket_path_ = socket;
    poller_->add(listener_.get(), {PollKey::Kind::listener, 0}, true, false);
    return {};
}

void Daemon::run() {
    while (!stopping_) {
        std::optional<Moment> deadline;
        if (server_.has_turns_due()) {
            deadline = Moment();  // long past; min() would overflow when now is taken from it
        } else if (server_.next_deadline() != Moment::max()) {
            deadline = server_.next_deadline();
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
