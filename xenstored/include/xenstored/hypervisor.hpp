#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

#include "xenstored/domain_ref.hpp"
#include "xenstored/poller.hpp"
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

    // From now on the domain's notifications are not taken: it is served no more, and must not cost
    // a wake-up for each time it rings.
    virtual void mute() = 0;
};

// What the hypervisor tells the daemon, in the order in which it happened.
class HypervisorEvents {
  public:
    // A domain that was there before the daemon, whose ring can be connected at `port`.
    virtual void domain_found(xs::DomainId domain, std::uint32_t port) = 0;
    virtual void domain_shut_down(xs::DomainId domain) = 0;
    // Its end has begun, or is over: may be told twice.
    virtual void domain_gone(xs::DomainId domain) = 0;
    // The domain rang its event channel.
    virtual void domain_notified(xs::DomainId domain) = 0;

    // What was told so far takes effect, even if the process ends now: before the hypervisor
    // forgets it.
    virtual void settle() {}

  protected:
    ~HypervisorEvents() = default;
};

struct Handover;

// What the daemon asks of the hypervisor: XenHypervisor on a Xen host, HostedHypervisor, which
// answers from what the agent said, elsewhere.
class Hypervisor {
  public:
    virtual ~Hypervisor() = default;

    // Begins to tell `events`, which must outlive this object. `anew`: first of the domains that
    // are there. `again`: after Server::restore(), which asked for those it knew with exists() and
    // connect(); only what happened to these meanwhile is told. The error says what could not be
    // opened, and why.
    enum class Start { anew, again };
    virtual std::expected<void, std::string> start(HypervisorEvents& events, Start how) = 0;

    // For the loop: a descriptor that this object put into the poller is ready.
    virtual void ready(const Poller::Ready& ready) = 0;

    // Takes in what happened before this call, so that a client that makes a domain and then names
    // it is not told that there is none, or that it is the one before. Never waits.
    virtual void poll_events() = 0;

    // True for a domain that is alive or dying, domain 0 included.
    virtual bool exists(xs::DomainId domain) = 0;

    // Live update. hand_over() adds what the next program needs, and lets go of what it must have
    // for itself; take_back() is called if it could not be started. take_over() is the other side,
    // before Server::restore(): it completes the state by the ports of the rings.
    enum class Successor { ours, c };
    virtual void hand_over(Handover& handover, Successor to) = 0;
    virtual void take_back() {}
    virtual void take_over(Handover& handover) = 0;

    // Which domain it was that exists() last found by this id.
    virtual DomainHandle handle(xs::DomainId domain) = 0;

    // Maps the domain's ring and binds its event channel `port`. `frame` is the guest frame that
    // INTRODUCE named, for a domain that grants no ring. EINVAL for no such domain or another port,
    // ENOMEM when out of mappings.
    virtual std::expected<std::unique_ptr<DomainChannel>, xs::Error> connect(
        xs::DomainId domain, std::uint64_t frame, std::uint32_t port) = 0;
};

}  // namespace stemma::xenstored
