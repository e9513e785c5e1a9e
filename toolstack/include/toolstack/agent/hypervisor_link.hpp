#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "toolstack/agent/event_loop.hpp"
#include "xs_wire/hosted_link.hpp"

namespace stemma::toolstack {

// What of a hosted domain xenstored must hold: its ring page, the eventfd by which the guest wakes
// xenstored, and the one by which xenstored wakes the guest. The descriptors stay the caller's.
struct DomainChannels {
    std::uint32_t port = 0;
    int ring = -1;
    int wakes_daemon = -1;
    int wakes_domain = -1;
};

// The agent's end of xs_wire/hosted_link.hpp. It connects by itself, again after xenstored ended,
// and then names all domains that exist; what is told while there is no connection is covered by
// that.
class HypervisorLink {
  public:
    // `on_connected` is called after each connection is made and the domains are named.
    HypervisorLink(EventLoop& loop, std::string socket, std::function<void()> on_connected);
    ~HypervisorLink();
    HypervisorLink(const HypervisorLink&) = delete;
    HypervisorLink& operator=(const HypervisorLink&) = delete;

    // Tries now, and from then on every quarter of a second until it succeeds.
    void start();
    // Tries now if there is no connection, without waiting for the next quarter of a second.
    void connect_now();
    bool is_connected() const { return static_cast<bool>(socket_); }

    // The channels must stay open until gone().
    void created(xs::DomainId domain, const DomainChannels& channels);
    void shut_down(xs::DomainId domain, xs::ShutdownReason reason);
    void gone(xs::DomainId domain);

  private:
    void try_to_connect();
    void lost();
    bool send(const xs::HostedMessage& message, const DomainChannels* channels);

    EventLoop& loop_;
    std::string path_;
    std::function<void()> on_connected_;
    Descriptor socket_;
    EventLoop::TimerId retry_ = 0;
    std::map<xs::DomainId, DomainChannels> domains_;
};

}  // namespace stemma::toolstack
