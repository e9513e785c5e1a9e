#pragma once

#include <cstdint>

#include "nat/protocol.hpp"
#include "nat/tcp_state.hpp"
#include "nat/tick.hpp"
#include "net/ipv4_address.hpp"
#include "net/text.hpp"

namespace stemma::nat {

using MappingId = std::uint32_t;
using SessionId = std::uint32_t;
constexpr std::uint32_t no_flow = 0xffffffff;

// An inside endpoint and the port of the outside address that stands for it (RFC 4787 section 4.1).
// It lives as long as it has a session, or for ever when an operator made it static.
struct Mapping {
    InsideEndpoint inside;
    std::uint16_t outside_port = 0;
    bool live = false;
    // Made by the operator: no timer, and open to everybody as a forwarded port is.
    bool is_static = false;
    // Came from the store and not from a SYN: a segment in mid-stream opens a session.
    bool adopts_streams = false;
    std::uint32_t host = 0;
    std::uint32_t session_count = 0;
    SessionId oldest_session = no_flow;
    SessionId newest_session = no_flow;  // of a free mapping: the next free one
};

// One conversation of a mapping: what its filter lets in, the state of its TCP connection, its
// timer. It carries its mapping's endpoints, so that a packet of an existing flow reads nothing
// else. A session with remote 0.0.0.0:0 stands for no conversation: it holds the mapping for its
// time (under endpoint-independent filtering all of UDP and ICMP is held that way).
struct Session {
    InsideEndpoint inside;
    net::Ipv4Endpoint remote;
    std::uint16_t outside_port = 0;
    TcpState state = TcpState::none;
    // Not a conversation: counts the TCP sessions to remote.address under address-dependent
    // filtering, in `deadline`; remote.port is 0.
    bool is_permission = false;
    MappingId mapping = no_flow;
    Tick deadline = 0;
    SessionId newer = no_flow;  // of the same mapping; of a free session: the next free one
    SessionId older = no_flow;
};

static_assert(sizeof(Mapping) <= 40 && sizeof(Session) <= 40);

}  // namespace stemma::nat
