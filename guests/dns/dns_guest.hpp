#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dns/dns_arguments.hpp"
#include "dns/dns_service.hpp"
#include "dns/status_nodes.hpp"
#include "dns/zone_follower.hpp"
#include "net/arp_mirror.hpp"
#include "net/interface.hpp"
#include "net/ipv4_stack.hpp"
#include "rt/guest.hpp"
#include "rt/mirror.hpp"
#include "rt/ready_word.hpp"
#include "rt/stats_writer.hpp"

namespace stemma::dns {

// The DNS guest: serves one zone of the store on one interface, and goes on serving the old copy
// while a new one is read, and when the new one is no good. Ready (data/ready) with its first zone.
class DnsGuest final : public rt::Guest {
  public:
    // Frames taken in one run(), so that the store and the timers have their turn in a flood.
    static constexpr std::size_t frames_at_once = 256;

    // `arguments` name one of the environment's ports.
    DnsGuest(const rt::Environment& environment, const DnsArguments& arguments);

    rt::Instant run(rt::Instant now) override;
    bool ready() const override { return ready_.said(); }

  private:
    void take_over();
    void refuse(const RefusedZone& refusal);
    void restore_arp(std::span<const std::uint8_t> saved_state);

    rt::Console& console_;
    net::Interface interface_;
    net::Ipv4Stack stack_;
    net::ArpMirror arp_entries_;
    rt::Mirror arp_mirror_;
    DnsService service_;
    ZoneFollower follower_;
    std::unique_ptr<const Zone> zone_;  // what the service answers from
    std::string serial_;
    std::uint64_t reloads_ = 0;
    std::uint64_t refusals_ = 0;
    bool announced_ = false;
    rt::ReadyWord ready_;
    rt::StatsWriter counters_;
    rt::StatsWriter interface_counters_;
    StatusNodes status_;
};

}  // namespace stemma::dns
