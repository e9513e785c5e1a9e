#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "xenstored/clock.hpp"
#include "xenstored/control_commands.hpp"
#include "xenstored/descriptor.hpp"
#include "xenstored/descriptor_store.hpp"
#include "xenstored/handover.hpp"
#include "xenstored/hypervisor.hpp"
#include "xenstored/live_update.hpp"
#include "xenstored/log.hpp"
#include "xenstored/poller.hpp"
#include "xenstored/restart_log.hpp"
#include "xenstored/server.hpp"

namespace stemma::xenstored {

// The daemon with its descriptors: listening sockets, clients, the hosted link, signals, and the
// one loop that waits for all of them.
class Daemon {
  public:
    // `poller`, `hypervisor` and `history` must outlive the daemon.
    // `store`: where descriptors are kept that must outlive the process.
    Daemon(const Server::Settings& settings, Poller& poller, Hypervisor& hypervisor,
           History& history, DescriptorStore& store);

    // Blocks the signals that run() takes. To be called before any thread is started.
    static void block_signals();

    // CONTROL's deferred answers: `commands` is told when one of the descriptors is readable.
    void attach(ControlCommands& commands, std::span<const int> completion_fds);

    // Goes on where a daemon was killed, if the restart log in `directory` says where and `store`
    // held what is needed; true if it does. The hypervisor has adopted what was held for it. What
    // there is to say goes to `log`.
    bool recover(const std::string& directory, Log& log);
    // From now on it can be killed and goes on; to be called before run().
    void keep_restart_log(const std::string& directory, Log& log);
    // No other daemon of ours is to go on: this one ends, or becomes another program.
    void forget_restart();
    const RestartLog* restart_log() const { return restart_log_.get(); }

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
    // By the restart log, as soon as there is one.
    class Calls final : public SocketCalls {
      public:
        ssize_t receive(ConnectionId client, int socket, std::span<std::byte> room) override {
            return to->receive(client, socket, room);
        }
        ssize_t send(ConnectionId client, int socket, std::span<iovec> parts) override {
            return to->send(client, socket, parts);
        }
        SocketCalls* to = &SocketCalls::plain();
    };

    void accept_clients();
    void stop_accepting();
    void accept_again();
    std::unique_ptr<Transport> transport_for(ConnectionId id, Descriptor socket);
    void say_whether_restartable();
    void take_signals();
    std::expected<void, std::string> open_signals();
    void wait_for_clients(Descriptor listener, const std::string& socket);

    Poller* poller_;
    SystemClock clock_;
    Hypervisor* hypervisor_;
    DescriptorStore* store_;
    Calls calls_;
    std::unique_ptr<RestartLog> restart_log_;
    Log* log_ = nullptr;
    bool told_restartable_ = true;
    bool had_keeper_ = false;
    bool store_is_busy_ = false;
    bool recovered_ = false;
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
