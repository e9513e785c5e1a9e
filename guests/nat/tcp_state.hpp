#pragma once

#include <cstdint>

#include "nat/protocol.hpp"

namespace stemma::nat {

// What a session knows of its connection: the states of RFC 7857 section 2 (figure 1, after RFC
// 6146 section 3.5.2), which exist to choose a timer.
enum class TcpState : std::uint8_t {
    none,         // not TCP, or no connection yet
    inside_syn,   // RFC 6146's V6 INIT
    outside_syn,  // V4 INIT
    established,
    inside_fin,  // that end has said its last; the other may go on for hours
    outside_fin,
    closed,  // both have
    reset,   // one end sent RST; it may be forged, so traffic revives the session
};

struct TcpStep {
    TcpState state;
    bool refresh;  // the timer starts again, with the state's timeout
};

// `flags` as in net::TcpHeader, of a segment that came from `from`.
TcpStep tcp_step(TcpState state, Side from, std::uint8_t flags);

// The connection is past its handshake and not over.
constexpr bool is_established(TcpState state) {
    return state == TcpState::established || state == TcpState::inside_fin ||
           state == TcpState::outside_fin;
}

}  // namespace stemma::nat
