#pragma once

#include "nat/protocol.hpp"
#include "nat/tcp_state.hpp"
#include "nat/tick.hpp"

namespace stemma::nat {

// How long a session lives after the last packet that refreshes it, in seconds.
struct Timeouts {
    Tick udp = 300;               // RFC 4787 REQ-5: at least 120, 300 recommended
    Tick tcp_transitory = 240;    // RFC 5382 REQ-5: at least 240
    Tick tcp_established = 7440;  // RFC 5382 REQ-5: at least 2 hours 4 minutes
    Tick icmp = 60;               // RFC 5508 REQ-2: at least 60

    constexpr Tick of(Protocol protocol, TcpState state) const {
        if (protocol == Protocol::udp) return udp;
        if (protocol == Protocol::icmp) return icmp;
        return is_established(state) ? tcp_established : tcp_transitory;
    }
};

}  // namespace stemma::nat
