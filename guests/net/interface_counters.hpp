#pragma once

#include <cstdint>
#include <string_view>

namespace stemma::net {

// What one interface saw, in frames or packets. Each drop_ is one cause of a silent discard (RFC
// 1122 section 3.2.1 and others); the port counts what its rings lost.
struct InterfaceCounters {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::uint64_t arp_requests_sent = 0;
    std::uint64_t arp_conflicts = 0;  // others that claimed our address
    std::uint64_t icmp_errors_sent = 0;
    std::uint64_t icmp_errors_limited = 0;  // not sent, for being too many

    std::uint64_t drop_ethernet = 0;     // shorter than its header
    std::uint64_t drop_other_mac = 0;    // for another station
    std::uint64_t drop_ether_type = 0;   // neither ARP nor IPv4
    std::uint64_t drop_arp = 0;          // malformed
    std::uint64_t drop_ipv4_header = 0;  // truncated, version, header or total length
    std::uint64_t drop_ipv4_checksum = 0;
    std::uint64_t drop_source = 0;       // an address that nobody may send from
    std::uint64_t drop_destination = 0;  // not our address
    std::uint64_t drop_fragment = 0;     // not reassembled
    std::uint64_t drop_protocol = 0;     // not ICMP, UDP or TCP
    std::uint64_t drop_icmp = 0;         // malformed, or a type that is not ours to answer
    std::uint64_t drop_udp = 0;          // malformed or with a bad checksum
    std::uint64_t drop_udp_port = 0;     // nobody there
    std::uint64_t drop_tcp = 0;          // malformed or with a bad checksum
    std::uint64_t drop_tcp_port = 0;     // no such connection, nobody listens
    std::uint64_t drop_waiting = 0;      // too many waited for a next hop's MAC
    std::uint64_t drop_unresolved = 0;   // the next hop did not answer ARP
    std::uint64_t drop_transmit = 0;     // the port had no room

    // Calls f(name, counter) for each; the counters' addresses stay, for rt::StatsWriter.
    template <typename F>
    void for_each(F f) const {
        f(std::string_view("received"), received);
        f(std::string_view("sent"), sent);
        f(std::string_view("arp_requests_sent"), arp_requests_sent);
        f(std::string_view("arp_conflicts"), arp_conflicts);
        f(std::string_view("icmp_errors_sent"), icmp_errors_sent);
        f(std::string_view("icmp_errors_limited"), icmp_errors_limited);
        f(std::string_view("drop_ethernet"), drop_ethernet);
        f(std::string_view("drop_other_mac"), drop_other_mac);
        f(std::string_view("drop_ether_type"), drop_ether_type);
        f(std::string_view("drop_arp"), drop_arp);
        f(std::string_view("drop_ipv4_header"), drop_ipv4_header);
        f(std::string_view("drop_ipv4_checksum"), drop_ipv4_checksum);
        f(std::string_view("drop_source"), drop_source);
        f(std::string_view("drop_destination"), drop_destination);
        f(std::string_view("drop_fragment"), drop_fragment);
        f(std::string_view("drop_protocol"), drop_protocol);
        f(std::string_view("drop_icmp"), drop_icmp);
        f(std::string_view("drop_udp"), drop_udp);
        f(std::string_view("drop_udp_port"), drop_udp_port);
        f(std::string_view("drop_tcp"), drop_tcp);
        f(std::string_view("drop_tcp_port"), drop_tcp_port);
        f(std::string_view("drop_waiting"), drop_waiting);
        f(std::string_view("drop_unresolved"), drop_unresolved);
        f(std::string_view("drop_transmit"), drop_transmit);
    }
};

}  // namespace stemma::net
