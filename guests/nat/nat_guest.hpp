#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "nat/counters.hpp"
#include "nat/flow_table.hpp"
#include "nat/fragment_cache.hpp"
#include "nat/mapping_mirror.hpp"
#include "nat/options.hpp"
#include "nat/tick.hpp"
#include "nat/translator.hpp"
#include "net/arp_mirror.hpp"
#include "net/ethernet.hpp"
#include "net/interface.hpp"
#include "net/ipv4_stack.hpp"
#include "rt/guest.hpp"
#include "rt/mirror.hpp"
#include "rt/port.hpp"
#include "rt/ready_word.hpp"
#include "rt/stats_writer.hpp"
#include "rt/store.hpp"

namespace stemma::nat {

// The NAT as a guest: frames of two ports through the translator, its own addresses by a small IP
// host, the table and the ARP caches mirrored behind them.
class NatGuest final : public rt::Guest {
  public:
    // Frames taken from one port before the other has its turn, and timers before packets do.
    static constexpr std::size_t frames_per_turn = 64;
    static constexpr std::size_t timers_per_turn = 256;

    // Everything in `environment` outlives the guest. The saved state is taken over here, before
    // the first frame.
    NatGuest(const rt::Environment& environment, const Options& options);

    rt::Instant run(rt::Instant now) override;
    bool ready() const override { return ready_.said(); }

    const FlowTable& table() const { return table_; }
    const Counters& counters() const { return counters_; }

  private:
    class Sink final : public rt::FrameSink {
      public:
        Sink(NatGuest& guest, Side side) : guest_(guest), side_(side) {}
        void frame(std::span<std::uint8_t> bytes) override { guest_.receive(side_, bytes); }

      private:
        NatGuest& guest_;
        Side side_;
    };

    net::Interface& interface(Side side) { return side == Side::inside ? inside_ : outside_; }
    // Of one turn; true if there is more.
    bool receive_frames(Side side, Sink& sink);
    void receive(Side side, std::span<std::uint8_t> frame);
    void translate(Side side, std::span<std::uint8_t> frame, const net::EthernetHeader& ethernet);
    // `frame` holds a translated packet.
    void send(Side to, std::span<std::uint8_t> frame);
    void send_split(net::Interface& out, std::span<const std::uint8_t> packet,
                    net::Ipv4Address next_hop);
    void send_released(Side side, const net::EthernetHeader& ethernet);

    void restore(std::span<const std::uint8_t> saved_state);
    void add_stats();
    void update_stats();
    void announce();

    rt::Clock& clock_;
    rt::Store& store_;
    rt::Console& console_;
    Options options_;
    TickClock ticks_;
    rt::Instant now_;
    Tick tick_ = 0;

    Counters counters_;
    net::Interface inside_;
    net::Interface outside_;
    net::Ipv4Stack host_;
    FlowTable table_;
    Translator translator_;
    Sink inside_sink_{*this, Side::inside};
    Sink outside_sink_{*this, Side::outside};
    // A fragment that waited, with room for its Ethernet header.
    std::array<std::uint8_t, net::EthernetHeader::size + FragmentCache::held_bytes> released_{};

    // Nothing with mirror=off.
    std::optional<MappingMirror> mapping_source_;
    std::optional<rt::Mirror> mapping_mirror_;
    net::ArpMirror arp_source_;
    rt::Mirror arp_mirror_;
    rt::StatsWriter stats_;
    std::uint64_t mapping_count_ = 0;
    std::uint64_t session_count_ = 0;
    std::uint64_t partial_ = 0;  // 1 while the store has no room for all of the table
    bool announced_ = false;
    rt::ReadyWord ready_;
};

}  // namespace stemma::nat
