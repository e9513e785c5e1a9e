#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "xenstored/clock.hpp"
#include "xenstored/control_commands.hpp"
#include "xenstored/descriptor.hpp"
#include "xenstored/hypervisor.hpp"
#include "xenstored/poller.hpp"
#include "xenstored/server.hpp"

namespace stemma::xenstored {

// The daemon with its descriptors: listening sockets, clients, the hosted link, signals, and the
// one loop that waits for all of them.
class Daemon {
  public:
    // `poller`, `hypervisor` and `history` must outlive the daemon.
    Daemon(const Server::Settings& settings, Poller& poller, Hypervisor& hypervisor,
           History& history);

    // Blocks the signals that run() takes. To be called before any thread is started.
    static void block_signals();

    // CONTROL's deferred answers: `commands` is told when one of the descriptors is readable.
    void attach(ControlCommands& commands, std::span<const int> completion_fds);

    // Makes the listening socket for clients, and takes up with the domains that are there. The
    // error says what could not be opened, and why.
    std::expected<void, std::string> listen(const std::string& socket);

    // Serves until SIGTERM or SIGINT.
    void run();

    Server& server() { return server_; }

  private:
    void accept_clients();
    void take_signals();

    Poller* poller_;
    SystemClock clock_;
    Hypervisor* hypervisor_;
    Server server_;
    ControlCommands* commands_ = nullptr;
    Descriptor listener_;
    Descriptor signals_;
    std::string socket_path_;
    bool accepting_ = true;
    bool stopping_ = false;
};

}  // namespace stemma::xenstored
