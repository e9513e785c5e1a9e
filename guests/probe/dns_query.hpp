#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/ipv4_address.hpp"

namespace stemma::probe {

// What a client of a DNS server needs of RFC 1035: one question for an A record, and of the answer
// the outcome and the first address.

// Header, name and type: with the longest name.
constexpr std::size_t dns_query_max = 12 + 255 + 4;

// The query for the A record of `name` ("www.example.org", the last dot optional), written to `to`;
// its length. Nothing when the name is no host name: an empty or long label, over 253 bytes.
std::optional<std::size_t> write_dns_query(std::span<std::uint8_t, dns_query_max> to,
                                           std::uint16_t id, std::string_view name);

struct DnsAnswer {
    std::uint8_t rcode = 0;
    bool truncated = false;
    std::uint16_t answers = 0;
    std::optional<net::Ipv4Address> address;  // the first A record among the answers

    bool found() const { return rcode == 0 && answers > 0; }
    // "192.0.2.1", "NXDOMAIN", "no data": what a person reads.
    std::string text() const;
};

// A response's id; nothing if it is none.
std::optional<std::uint16_t> read_dns_id(std::span<const std::uint8_t> message);

// The response to exactly that query; nothing if it is none, or malformed up to the first address.
std::optional<DnsAnswer> read_dns_answer(std::span<const std::uint8_t> message,
                                         std::span<const std::uint8_t> query);

}  // namespace stemma::probe
