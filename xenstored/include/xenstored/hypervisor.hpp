#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>

#include "xs_wire/error.hpp"
#include "xs_wire/path.hpp"

namespace stemma::xenstored {

// One domain's shared ring page and its event channel, mapped and bound. Destroying it unmaps and
// unbinds.
class DomainChannel {
  public:
    virtual ~DomainChannel() = default;

    // ring_page::size bytes that the domain may change at any instant; never inaccessible while
    // this object lives.
    virtual std::byte* page() = 0;

    // Wakes the domain. Never waits.
    virtual void notify() = 0;
};

// What the daemon asks of the hypervisor. The hosted platform answers from what the agent said;
// on Xen it is libxenctrl, libxengnttab and libxenevtchn.
class Hypervisor {
  public:
    virtual ~Hypervisor() = default;

    // Takes in what happened before this call, so that a client that makes a domain and then names
    // it is not told that there is none. Calls HypervisorEvents; never waits.
    virtual void poll_events() = 0;

    // True for a domain that is alive or dying, domain 0 included.
    virtual bool exists(xs::DomainId domain) = 0;

    // Maps the domain's ring and binds its event channel `port`. EINVAL for no such domain or
    // another port, ENOMEM when out of mappings.
    virtual std::expected<std::unique_ptr<DomainChannel>, xs::Error> connect(
        xs::DomainId domain, std::uint32_t port) = 0;
};

// What the hypervisor tells the daemon, in the order in which it happened.
class HypervisorEvents {
  public:
    virtual void domain_created(xs::DomainId domain) = 0;
    virtual void domain_shut_down(xs::DomainId domain) = 0;
    virtual void domain_gone(xs::DomainId domain) = 0;
    // The domain rang its event channel.
    virtual void domain_notified(xs::DomainId domain) = 0;

  protected:
    ~HypervisorEvents() = default;
};

}  // namespace stemma::xenstored
