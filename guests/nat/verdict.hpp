#pragma once

#include <cstdint>

#include "nat/protocol.hpp"

namespace stemma::nat {

// What becomes of a packet that the translator was given.
struct Verdict {
    enum class Action : std::uint8_t {
        drop,     // counted; also a fragment that is held
        forward,  // rewritten in place: send it on `to`
        local,    // unchanged: for one of the translator's own addresses
        answer,   // counted as dropped, unchanged: its sender gets an ICMP error
    };

    Action action = Action::drop;
    Side to = Side::outside;
    // For `answer`: RFC 792.
    std::uint8_t icmp_type = 0;
    std::uint8_t icmp_code = 0;
    std::uint16_t next_hop_mtu = 0;  // RFC 1191, for "fragmentation needed"
    // Fragments that waited for this packet can be had from Translator::next_released().
    bool releases_fragments = false;
};

}  // namespace stemma::nat
