#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "nat/protocol.hpp"
#include "net/ipv4_address.hpp"
#include "rt/time.hpp"

namespace stemma::nat {

// Only the first fragment of a datagram has ports. What became of it is kept here for the others,
// and those that overtook it wait here (RFC 4787 REQ-14, in any order). Nothing is put together.
// Each side has its own room, so that fragments from outside cannot drive out those from inside.
class FragmentCache {
  public:
    static constexpr std::size_t datagrams_per_side = 64;  // then the oldest is forgotten
    static constexpr std::size_t held_per_side = 64;       // then a fragment is dropped
    static constexpr std::size_t held_per_datagram = 16;
    static constexpr std::size_t held_bytes = 1536;  // a longer fragment is dropped
    static constexpr rt::Duration lifetime = rt::Duration::seconds(15);

    // RFC 791 section 2.3: what fragments of one datagram have in common.
    struct Key {
        Side from = Side::inside;
        net::Ipv4Address source;
        net::Ipv4Address destination;
        std::uint16_t identification = 0;
        Protocol protocol = Protocol::udp;

        bool operator==(const Key&) const = default;
    };

    // How the first fragment was rewritten.
    struct Rewrite {
        Side to = Side::outside;
        net::Ipv4Address source;
        net::Ipv4Address destination;
        std::uint16_t identification = 0;
    };

    enum class Fate { forward, dropped, held };
    struct Decision {
        Fate fate = Fate::dropped;
        Rewrite rewrite;
    };

    FragmentCache();

    // A fragment with an offset; kept (a copy) when it came before the first.
    Decision later_fragment(const Key& key, std::span<const std::uint8_t> packet, rt::Instant now);

    // The first fragment was forwarded; true if others waited, which next_released() now gives.
    bool first_forwarded(const Key& key, const Rewrite& rewrite, rt::Instant now);
    // It was not: what waits and what follows is dropped. The number of those that waited.
    std::size_t first_dropped(const Key& key, rt::Instant now);

    // A fragment that waited, until the next call of any function here; empty when there is none
    // left. To be given to the translator again: its fate is known now.
    std::span<std::uint8_t> next_released();

    std::size_t held() const;

  private:
    static constexpr std::uint8_t nobody = 0xff;

    enum class State : std::uint8_t { unused, waiting, forward, dropped };
    struct Datagram {
        State state = State::unused;
        std::uint8_t held = 0;
        Key key;
        Rewrite rewrite;
        rt::Instant expires;
    };
    struct Held {
        std::uint8_t datagram = nobody;
        std::uint16_t size = 0;
        std::uint32_t order = 0;
        std::array<std::uint8_t, held_bytes> bytes;
    };
    struct Room {
        std::array<Datagram, datagrams_per_side> datagrams;
        std::array<Held, held_per_side> held;
    };

    Room& room(Side side) { return rooms_[side == Side::inside ? 0 : 1]; }
    // Finds the datagram's entry, or makes one.
    std::uint8_t entry(const Key& key, rt::Instant now);
    void drop_held(Room& room, std::uint8_t datagram);

    std::unique_ptr<std::array<Room, 2>> rooms_memory_;
    std::array<Room, 2>& rooms_;
    std::uint32_t order_ = 0;
    Side released_side_ = Side::inside;
    std::uint8_t released_ = nobody;  // the datagram whose fragments next_released() gives
};

}  // namespace stemma::nat
