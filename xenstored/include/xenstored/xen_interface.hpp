#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "xs_wire/path.hpp"

namespace stemma::xenstored {

// A domain as the hypervisor lists it.
struct XenDomain {
    xs::DomainId id = 0;
    std::string handle;      // its UUID, 16 bytes
    bool shut_down = false;  // or crashed; it may come back (suspend)
    bool dying = false;      // it will not
};

// Unmaps on destruction.
using RingMapping = std::unique_ptr<std::byte, std::function<void(std::byte*)>>;

// The hypervisor's calls that the daemon needs, one to one: what XenHypervisor makes of them is
// tested without Xen. Errors are errno values.
class XenInterface {
  public:
    static constexpr std::size_t domains_per_call = 1024;

    virtual ~XenInterface() = default;

    // At most `most` (domains_per_call) domains from `first` on, in order of domid; fewer mean that
    // these were the last.
    virtual std::expected<std::vector<XenDomain>, int> domains(
        xs::DomainId first, std::size_t most = domains_per_call) = 0;
    // Where a domain with a hardware virtual machine's parameters (HVM, PVH) has its end of the
    // store's event channel (HVM_PARAM_STORE_EVTCHN); 0 for none.
    virtual std::uint32_t store_port(xs::DomainId domain) = 0;

    // Grant 1 of the domain; a frame of it; domain 0's own page.
    virtual std::expected<RingMapping, int> map_grant(xs::DomainId domain) = 0;
    virtual std::expected<RingMapping, int> map_frame(xs::DomainId domain, std::uint64_t frame) = 0;
    virtual std::expected<RingMapping, int> map_domain0() = 0;
    // /proc/xen/xsd_port
    virtual std::expected<std::uint32_t, int> domain0_port() = 0;

    // Our port. Bound to the domain's, or to VIRQ_DOM_EXC.
    virtual std::expected<std::uint32_t, int> bind(xs::DomainId domain, std::uint32_t remote) = 0;
    virtual std::expected<std::uint32_t, int> bind_domain_events() = 0;
    // To which port of a domain ours is bound, whoever in this domain bound it.
    virtual std::expected<std::uint32_t, int> remote_port(std::uint32_t port) = 0;
    virtual void unbind(std::uint32_t port) = 0;
    virtual void notify(std::uint32_t port) = 0;
    // Readable when a port is pending.
    virtual int event_fd() = 0;
    // A pending port, which is masked until unmask(); nothing when there is none. Never waits.
    virtual std::optional<std::uint32_t> pending() = 0;
    virtual void unmask(std::uint32_t port) = 0;
};

// By libxenctrl, libxenevtchn, libxengnttab and libxenforeignmemory. The error says what failed.
std::expected<std::unique_ptr<XenInterface>, std::string> open_xen();

}  // namespace stemma::xenstored
