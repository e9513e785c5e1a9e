#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nat/protocol.hpp"
#include "nat/tcp_state.hpp"
#include "net/text.hpp"

// How a mapping is written in the store, one leaf each, relative to data/net/nat:
//
//   tcp/10/0/1/2/200/40000 = "10.0.0.1:40000 established 10.0.0.53:80 1700007440"
//
// Path: protocol, the inside address by its bytes, the inside port or ICMP identifier divided by
// 200, and the port. A directory has at most 328 names, of no more than 1,202 bytes with their ends
// (200 names of 1,200 below them), whatever hosts and ports there are.
//
// Value: the outside address and port; the state; one remote that the mapping is open to, if there
// is one (with the port where the filter knows it); the expiry in UTC seconds, always the last
// word. A mapping with several remotes shows the one whose session is furthest on. Addresses,
// numbers and blanks have one spelling; any other is refused.
namespace stemma::nat {

enum class LeafState : std::uint8_t {
    active,   // UDP and ICMP
    opening,  // TCP before its handshake is through
    established,
    closing,      // after both FINs, or a RST
    made_static,  // "static": an operator's; stays, and is open to everybody
};

constexpr LeafState leaf_state(Protocol protocol, TcpState state) {
    if (protocol != Protocol::tcp) return LeafState::active;
    if (is_established(state)) return LeafState::established;
    return state == TcpState::closed || state == TcpState::reset ? LeafState::closing
                                                                 : LeafState::opening;
}

// What a session that is restored from a leaf starts in.
constexpr TcpState tcp_state(LeafState state) {
    switch (state) {
        case LeafState::opening:
            return TcpState::inside_syn;
        case LeafState::established:
            return TcpState::established;
        case LeafState::closing:
            return TcpState::closed;
        default:
            return TcpState::none;
    }
}

struct Leaf {
    net::Ipv4Endpoint remote;  // 0.0.0.0: none; port 0: any
    std::uint32_t expiry = 0;  // UTC seconds, until 2106
    std::uint16_t outside_port = 0;
    LeafState state = LeafState::active;

    bool operator==(const Leaf&) const = default;
};

constexpr std::uint16_t ports_per_directory = 200;

// All append to `path` or `value`.
void write_path(std::string& path, const InsideEndpoint& inside);
void write_range_path(std::string& path, const InsideEndpoint& inside);  // its directory
void write_value(std::string& value, net::Ipv4Address outside, const Leaf& leaf);

// Nothing for a path that write_path() does not write.
std::optional<InsideEndpoint> parse_path(std::string_view path);

// The directory of up to 200 ports: its protocol, address and lowest port.
std::optional<InsideEndpoint> parse_range_path(std::string_view path);

// Nothing for a value that write_value() does not write for this protocol and outside address.
std::optional<Leaf> parse_value(std::string_view value, Protocol protocol,
                                net::Ipv4Address outside);

}  // namespace stemma::nat
