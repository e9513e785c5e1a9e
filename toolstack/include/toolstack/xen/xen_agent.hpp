#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "toolstack/agent/event_loop.hpp"
#include "toolstack/agent/guest_restarter.hpp"
#include "toolstack/agent/state_saver.hpp"
#include "toolstack/socket_store.hpp"
#include "toolstack/xen/xen_platform.hpp"

namespace stemma::toolstack {

// The resident half of the toolstack on a Xen host: saves the network state of the guests that
// stemma made, and removes those that have ended or makes them anew, by their EndPolicy. Domains of
// xl, which have an xl of their own, are let be.
//
// It keeps no state: what it finds at its start it takes up, also the ends that came while there
// was no agent. xenstored's word (@releaseDomain, @introduceDomain) wakes it; nothing is polled but
// a xenstored that is away.
class XenAgent {
  public:
    static Result<std::unique_ptr<XenAgent>> open(const std::string& store_socket);

    // Until SIGTERM or SIGINT. Guests live on for the next agent.
    Result<void> run();

  private:
    struct Guest {
        std::string name;
        std::chrono::steady_clock::time_point seen;
        bool ending = false;
    };

    XenAgent() = default;
    Result<void> set_up(const std::string& store_socket);
    // Watches anew and looks at everything; later again when xenstored is away.
    void connect();
    void readable();
    void look();
    void ended(const DomainInfo& domain);
    void bury(const DomainInfo& domain, std::chrono::steady_clock::duration lived);
    void log(const std::string& line);

    std::unique_ptr<EventLoop> loop_;
    std::unique_ptr<SocketStore> store_;
    std::unique_ptr<NetlinkLinks> links_;
    std::unique_ptr<XenPlatform> platform_;
    std::unique_ptr<StateSaver> saver_;
    std::unique_ptr<GuestRestarter> restarter_;
    int watched_ = -1;  // the descriptor of the store that the loop has
    std::map<DomainId, Guest> guests_;
};

}  // namespace stemma::toolstack
