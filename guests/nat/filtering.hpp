#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "nat/protocol.hpp"
#include "net/text.hpp"

namespace stemma::nat {

// Which packets from outside a mapping lets in: RFC 4787 section 5, RFC 5382 section 4.3.
enum class Filtering : std::uint8_t {
    endpoint_independent,        // anybody's, as long as the mapping lives
    address_dependent,           // from an address the inside endpoint has sent to
    address_and_port_dependent,  // from an address and port it has sent to
};

constexpr std::optional<Filtering> parse_filtering(std::string_view word) {
    if (word == "endpoint-independent") return Filtering::endpoint_independent;
    if (word == "address-dependent") return Filtering::address_dependent;
    if (word == "address-and-port-dependent") return Filtering::address_and_port_dependent;
    return std::nullopt;
}

// What of a remote endpoint tells one session of a mapping from another: no more than the filter
// looks at, so that one UDP port that speaks to many remotes takes few sessions. TCP always needs
// all of it, for its state. 0.0.0.0 is never a remote's address (RFC 1122 section 3.2.1.3).
constexpr net::Ipv4Endpoint session_remote(Filtering filtering, Protocol protocol,
                                           net::Ipv4Endpoint remote) {
    if (protocol == Protocol::tcp) return remote;
    if (filtering == Filtering::endpoint_independent) return {};
    if (filtering == Filtering::address_dependent || protocol == Protocol::icmp) remote.port = 0;
    return remote;
}

}  // namespace stemma::nat
