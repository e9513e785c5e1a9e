#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "xenstored/clock.hpp"
#include "xenstored/control_commands.hpp"
#include "xenstored/descriptor.hpp"
#include "xenstored/handover.hpp"
#include "xenstored/hypervisor.hpp"
#include "xenstored/live_update.hpp"
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

    // Instead of listen(): goes on with what another program left in this process, which listened
    // on `socket`.
    std::expected<void, std::string> resume(Handover& handover, const std::string& socket);
    // Where live updates are taken care of.
    void attach(LiveUpdate& live_update) { live_update_ = &live_update; }
    int listener() const { return listener_.get(); }

    // Serves until SIGTERM or SIGINT.
    void run();

    Server& server() { return server_; }

  private:
    void accept_clients();
    void take_signals();
    std::expected<void, std::string> open_signals();
    std::unique_ptr<Transport> adopt_client(ConnectionId id, int descriptor);
    void wait_for_clients(Descriptor listener, const std::string& socket);

    Poller* poller_;
    SystemClock clock_;
    Hypervisor* hypervisor_;
    Server server_;
    ControlCommands* commands_ = nullptr;
    LiveUpdate* live_update_ = nullptr;
    Descriptor listener_;
    Descriptor signals_;
    std::string socket_path_;
    bool accepting_ = true;
    bool stopping_ = false;
};

}  // namespace stemma::xenstored
