#pragma once

#include <cstddef>
#include <cstdint>

// Layout of DNS messages: RFC 1035 4.1, with the flags of RFC 4035 3 and EDNS(0) of RFC 6891 6.1.
namespace stemma::dns {

// Offsets in the header; each field is 16 bits, most significant byte first.
namespace header {
inline constexpr std::size_t id = 0;
inline constexpr std::size_t flags = 2;
inline constexpr std::size_t question_count = 4;
inline constexpr std::size_t answer_count = 6;
inline constexpr std::size_t authority_count = 8;
inline constexpr std::size_t additional_count = 10;
inline constexpr std::size_t size = 12;
}  // namespace header

inline constexpr std::uint16_t flag_response = 0x8000;
inline constexpr std::uint16_t flag_authoritative = 0x0400;
inline constexpr std::uint16_t flag_truncated = 0x0200;
inline constexpr std::uint16_t flag_recursion_desired = 0x0100;
inline constexpr std::uint16_t mask_opcode = 0x7800;
inline constexpr std::uint16_t mask_rcode = 0x000f;

enum class Rcode : std::uint16_t {
    no_error = 0,
    format_error = 1,
    server_failure = 2,
    name_error = 3,  // NXDOMAIN
    not_implemented = 4,
    refused = 5,
    bad_version = 16,  // its upper bits go into the OPT record
};

// A compression pointer: the two highest bits of its first byte (RFC 1035 4.1.4).
inline constexpr std::uint16_t pointer_mark = 0xc000;
inline constexpr std::size_t pointer_max = 0x3fff;

// A record behind its owner: type, class, TTL, length of the data.
inline constexpr std::size_t record_fixed_size = 10;

// An OPT record without options: the root's zero byte, then type, payload size (as class), extended
// rcode, version and flags (as TTL), length.
inline constexpr std::size_t opt_size = 11;
inline constexpr std::uint16_t edns_dnssec_ok = 0x8000;

// RFC 1035 4.2.1; the lower bound of what an OPT record can ask for too (RFC 6891 6.2.3).
inline constexpr std::size_t plain_udp_max = 512;
// What we send and say we take: below every path's MTU (DNS flag day 2020), so never fragmented.
inline constexpr std::size_t edns_udp_max = 1232;

}  // namespace stemma::dns
