#pragma once

#include <cstdint>

#include "xs_wire/path.hpp"

namespace stemma::xs {

// What the agent, playing the hypervisor where there is none, tells xenstored: one datagram per
// event on the SOCK_SEQPACKET socket "hypervisor" in xenstored's run directory. The agent connects;
// xenstored never waits for it. It stands for what Xen gives by hypercall: grant 1, the store event
// channel, VIRQ_DOM_EXC and domain information.
//
//   domain_created  a domain exists; the datagram carries three descriptors (SCM_RIGHTS): the memfd
//   of
//                   its ring page, the eventfd by which the guest wakes xenstored, and the eventfd
//                   by which xenstored wakes the guest. It is served only after INTRODUCE(domain,
//                   frame, port), as on Xen; `port` must agree.
//   domain_shut_down  it stopped of its own accord and still exists (fires @releaseDomain once)
//   domain_gone       it no longer exists (fires @releaseDomain; its nodes go)
//
// When the agent's connection ends, xenstored keeps the domains: a new agent names them again.
enum class HostedEvent : std::uint32_t {
    domain_created = 1,
    domain_shut_down = 2,
    domain_gone = 3
};

struct HostedMessage {
    static constexpr std::uint32_t magic_value = 0x53544d31;  // "STM1"

    std::uint32_t magic = magic_value;
    HostedEvent event{};
    std::uint32_t domain = 0;
    std::uint32_t port = 0;    // domain_created: the store event channel
    std::uint32_t reason = 0;  // domain_shut_down: a ShutdownReason
};
static_assert(sizeof(HostedMessage) == 20);

// SHUTDOWN_* of xen/include/public/sched.h.
enum class ShutdownReason : std::uint32_t { poweroff = 0, reboot = 1, suspend = 2, crash = 3 };

inline constexpr char hosted_socket_name[] = "hypervisor";

}  // namespace stemma::xs
