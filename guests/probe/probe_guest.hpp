#pragma once

#include <span>
#include <string>
#include <string_view>

#include "net/arp_mirror.hpp"
#include "net/interface.hpp"
#include "net/ipv4_stack.hpp"
#include "net/tcp_endpoint.hpp"
#include "probe/echo_service.hpp"
#include "probe/flow_task.hpp"
#include "probe/followed_node.hpp"
#include "probe/options.hpp"
#include "probe/ping_task.hpp"
#include "probe/report.hpp"
#include "probe/resolve_task.hpp"
#include "probe/stream_task.hpp"
#include "rt/guest.hpp"
#include "rt/mirror.hpp"
#include "rt/ready_word.hpp"
#include "rt/stats_writer.hpp"

namespace stemma::probe {

// The client and measuring guest: does what its command line says (options.hpp), and afterwards
// what somebody writes into data/probe/command, in the same words; a task begun so replaces the one
// of its kind. The last command's outcome stands in data/probe/outcome: "ok", with its turn if it
// has one, or what is wrong with it. Results stand below data/probe: see the tasks.
class ProbeGuest final : public rt::Guest {
  public:
    // Frames taken in one run(), so that the store and the timers have their turn in a flood.
    static constexpr std::size_t frames_at_once = 256;

    // `options` name one of the environment's ports.
    ProbeGuest(const rt::Environment& environment, const Options& options);

    rt::Instant run(rt::Instant now) override;
    bool ready() const override { return ready_.said(); }

  private:
    void begin(rt::Instant now);
    void start(const Tasks& tasks, rt::Instant now);
    void take_names(std::string_view text, rt::Instant now);
    void take_command(std::string_view text, rt::Instant now);
    void restore_arp(std::span<const std::uint8_t> saved_state);

    rt::Console& console_;
    Options options_;
    net::Interface interface_;
    net::Ipv4Stack stack_;
    net::TcpEndpoint tcp_;
    net::ArpMirror arp_entries_;
    rt::Mirror arp_mirror_;
    rt::StatsWriter counters_;
    Report report_;
    ResolveTask resolve_;
    StreamTask stream_;
    FlowTask flows_;
    PingTask ping_;
    EchoService echo_;
    FollowedNode command_;
    FollowedNode names_;              // where the names to resolve stand, if in the store
    ResolveOptions resolve_options_;  // for them
    bool begun_ = false;
    rt::ReadyWord ready_;
};

}  // namespace stemma::probe
