#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "net/arp_cache.hpp"
#include "net/arp_packet.hpp"
#include "net/ethernet.hpp"
#include "net/interface_counters.hpp"
#include "net/ipv4_address.hpp"
#include "net/token_bucket.hpp"
#include "net/waiting_frames.hpp"
#include "rt/entropy.hpp"
#include "rt/port.hpp"
#include "rt/time.hpp"

namespace stemma::net {

// What became of a frame that was to be sent.
enum class Sent : std::uint8_t {
    sent,
    waiting,  // copied; goes out when its next hop's MAC is known
    dropped,  // and counted
};

// Where an interface stands.
struct InterfaceAddress {
    Ipv4Interface own;                   // 10.0.1.1/24
    std::optional<Ipv4Address> gateway;  // on that network; nothing: on-link destinations only
};

// A port with an IPv4 address: speaks ARP for it and puts Ethernet headers before packets. Hosts
// (Ipv4Stack) and routers (the NAT) send through it; what arrives, but for ARP, is theirs.
//
// One thread calls it, in this order: frames from the port's sink (receive_arp() for ARP), then
// run(), which sends the ARP requests that these led to and flushes the port.
class Interface final : private ArpLink {
  public:
    // `vif` is the port's number. The port outlives the interface, which stays where it is.
    Interface(unsigned vif, rt::Port& port, const InterfaceAddress& address, rt::Entropy& entropy,
              const ArpCache::Options& arp = {});
    Interface(const Interface&) = delete;
    Interface& operator=(const Interface&) = delete;

    unsigned vif() const { return vif_; }
    rt::Port& port() { return port_; }
    MacAddress mac() const { return mac_; }
    Ipv4Address address() const { return address_.own.address; }
    const Ipv4Interface& network() const { return address_.own; }
    ArpCache& arp() { return arp_; }
    InterfaceCounters& counters() { return counters_; }
    const InterfaceCounters& counters() const { return counters_; }

    // Says to all on the link that this address is here now (RFC 5227 section 2.3), so that caches
    // that hold a former guest's MAC learn the new one; run() says it once more two seconds later.
    void announce(rt::Instant now);

    // Whether a frame of this Ethernet header is for this station: its MAC or a group's. The edges'
    // ports see what a bridge floods.
    bool is_for_us(const EthernetHeader& header) const {
        return header.destination == mac_ || header.destination.is_group();
    }

    // For each received frame of type ARP.
    void receive_arp(std::span<const std::uint8_t> frame, rt::Instant now);

    // Whom to give a packet for `destination` to: itself when on-link, else the gateway. Nothing
    // when there is neither, or for broadcast and multicast, which we never send.
    std::optional<Ipv4Address> next_hop(Ipv4Address destination) const;

    // --- Sending, without a copy: room for a frame in the port's transmit ring. The packet goes to
    // byte EthernetHeader::size of it. Empty when there is none. `packet_size` is at most the MTU.
    std::span<std::uint8_t> reserve(std::size_t packet_size);
    // Completes the frame that reserve() gave, cut to what was used, and queues it.
    Sent send_reserved(std::span<std::uint8_t> frame, Ipv4Address next_hop, rt::Instant now);
    // The same for an answer to a frame that came from `source`: without an ARP entry for the next
    // hop the answer goes back where the request came from, and nobody need be asked. An entry, be
    // it from ARP or written into the store by others, has its way.
    Sent send_reply(std::span<std::uint8_t> frame, Ipv4Address next_hop, const MacAddress& source,
                    rt::Instant now);

    // --- Sending with one copy: a router's received frame, changed in place. Its Ethernet header
    // is overwritten.
    Sent forward(std::span<std::uint8_t> frame, Ipv4Address next_hop, rt::Instant now);

    // Sends ARP requests, drops what expired, flushes the port; when to be called next.
    rt::Instant run(rt::Instant now);

    // ICMP errors sent by or through this interface share one limit (RFC 1812 section 4.3.2.8).
    TokenBucket& icmp_limit() { return icmp_limit_; }

  private:
    struct Request {
        Ipv4Address target;
        std::optional<MacAddress> known;
    };

    void request(Ipv4Address target, const MacAddress* known) override;
    void resolved(Ipv4Address address, const MacAddress& mac, rt::Instant now) override;
    void unresolved(Ipv4Address address) override;

    void write_header(std::span<std::uint8_t> frame, const MacAddress& destination) const;
    void send_arp(const ArpPacket& packet, const MacAddress& destination);
    void send_announcement();
    Sent wait(std::span<const std::uint8_t> frame, Ipv4Address next_hop, bool waiting);

    unsigned vif_;
    rt::Port& port_;
    MacAddress mac_;
    InterfaceAddress address_;
    InterfaceCounters counters_;
    ArpCache arp_;
    WaitingFrames waiting_;
    // Collected until run(): a request must not take the room that reserve() has given out. At most
    // one for each ARP entry.
    std::vector<Request> requests_;
    TokenBucket defence_{rt::Duration::seconds(10), 1};  // RFC 5227's DEFEND_INTERVAL
    TokenBucket icmp_limit_{rt::Duration::milliseconds(10), 50};
    rt::Instant announce_at_ = rt::Instant::never();
};

}  // namespace stemma::net
