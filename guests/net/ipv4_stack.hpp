#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "net/ethernet.hpp"
#include "net/icmp_header.hpp"
#include "net/interface.hpp"
#include "net/ipv4_header.hpp"
#include "net/local_packet.hpp"
#include "net/tcp_header.hpp"
#include "net/udp_handler.hpp"
#include "rt/port.hpp"
#include "rt/time.hpp"

namespace stemma::net {

// Takes TCP segments, their checksum verified; false if it knows no connection for one, which is
// then reset.
class TcpHandler {
  public:
    virtual ~TcpHandler() = default;
    virtual bool segment(const LocalPacket& packet, const TcpHeader& header) = 0;
};

// Takes the ICMP messages that the stack does not answer itself: echo replies and errors, their
// checksum verified.
class IcmpHandler {
  public:
    virtual ~IcmpHandler() = default;
    virtual void message(const LocalPacket& packet, const IcmpHeader& header) = 0;
};

// An IPv4 host on one or several interfaces (RFC 1122): answers ARP and ICMP echo, gives datagrams
// to handlers by port, and counts in the interface what it drops. It forwards nothing. Not
// reassembled: fragments are dropped. Not heard: broadcast and multicast.
class Ipv4Stack {
  public:
    static constexpr std::size_t interfaces_max = 8;
    static constexpr std::size_t udp_bindings_max = 8;

    Ipv4Stack() = default;
    Ipv4Stack(const Ipv4Stack&) = delete;
    Ipv4Stack& operator=(const Ipv4Stack&) = delete;

    // The interface outlives the stack. False beyond interfaces_max.
    bool add(Interface& interface);

    // Datagrams to any of the ports `first` to `last` go to `handler`. False beyond
    // udp_bindings_max, or when one of the ports is bound already.
    bool bind_udp(UdpHandler& handler, std::uint16_t first, std::uint16_t last);
    void set_tcp(TcpHandler* handler) { tcp_ = handler; }
    void set_icmp(IcmpHandler* handler) { icmp_ = handler; }

    // Takes up to `budget` frames from each port; true if a port may have more.
    bool receive(rt::Instant now, std::size_t budget);
    // After receive() and whatever else has sent: ARP's timers and requests, flush; when to be
    // called next.
    rt::Instant run(rt::Instant now);

    // A router gives packets for its own addresses here; `frame` begins with `ethernet`, then `ip`.
    void deliver(Interface& interface, std::span<const std::uint8_t> frame,
                 const EthernetHeader& ethernet, const Ipv4Header& ip, rt::Instant now);

    // --- Sending of one's own accord.
    struct Route {
        Interface* interface = nullptr;
        Ipv4Address next_hop;
    };
    // The interface on whose network `destination` is, else the first with a gateway.
    std::optional<Route> route(Ipv4Address destination) const;

    // Sends a packet whose payload of `size` bytes `fill(std::span<std::uint8_t>)` writes.
    template <typename Fill>
    Sent send(const Route& route, Ipv4Address destination, std::uint8_t protocol, std::size_t size,
              rt::Instant now, Fill fill) {
        const auto frame = route.interface->reserve(Ipv4Header::size + size);
        if (frame.empty()) return Sent::dropped;
        write_ip(frame, route, destination, protocol);
        fill(frame.subspan(EthernetHeader::size + Ipv4Header::size));
        return route.interface->send_reserved(frame, route.next_hop, now);
    }

    // Dropped also when there is no route or the payload is longer than the MTU allows.
    Sent send_udp(std::uint16_t source_port, const Ipv4Endpoint& to,
                  std::span<const std::uint8_t> payload, rt::Instant now);
    // An echo request (RFC 792) with a payload.
    Sent send_echo(Ipv4Address to, std::uint16_t identifier, std::uint16_t sequence,
                   std::span<const std::uint8_t> payload, rt::Instant now);

  private:
    // One for each port, so that a frame's interface is known without looking for it.
    class Sink final : public rt::FrameSink {
      public:
        Sink(Ipv4Stack& stack, Interface& interface) : stack_(stack), interface_(interface) {}
        void frame(std::span<std::uint8_t> bytes) override {
            stack_.receive_frame(interface_, bytes);
        }
        Interface& interface() { return interface_; }

      private:
        Ipv4Stack& stack_;
        Interface& interface_;
    };
    struct UdpBinding {
        UdpHandler* handler = nullptr;
        std::uint16_t first = 0;
        std::uint16_t last = 0;
    };

    void receive_frame(Interface& interface, std::span<const std::uint8_t> frame);
    void receive_udp(const LocalPacket& packet);
    void receive_icmp(const LocalPacket& packet);
    void answer_echo(const LocalPacket& packet);
    void receive_tcp(const LocalPacket& packet);
    bool is_own(Ipv4Address address) const;
    void write_ip(std::span<std::uint8_t> frame, const Route& route, Ipv4Address destination,
                  std::uint8_t protocol);

    std::vector<std::unique_ptr<Sink>> sinks_;
    std::array<UdpBinding, udp_bindings_max> udp_{};
    std::size_t udp_count_ = 0;
    TcpHandler* tcp_ = nullptr;
    IcmpHandler* icmp_ = nullptr;
    std::uint16_t identification_ = 0;
    rt::Instant now_;  // of the receive() under way
};

}  // namespace stemma::net
