#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "xenstored/hypervisor.hpp"
#include "xenstored/poller.hpp"
#include "xenstored/xen_interface.hpp"

namespace stemma::xenstored {

// A Xen host, from its control domain: rings by grant 1 of each domain (GNTTAB_RESERVED_XENSTORE)
// or, where there is none, by the frame that INTRODUCE names; domain 0's own ring by
// /proc/xen/xsd_kva and xsd_port; births and deaths by VIRQ_DOM_EXC.
//
// The hypervisor says only that some domain ended, or its domid would be free again. Which one, and
// whether a domid has come back as another domain, is seen by comparing the list of domains with
// the one known: a domain is the same if domid and handle (its UUID) agree; Xen 4.17 knows no
// better name for it.
class XenHypervisor final : public Hypervisor {
  public:
    // True where this process runs in the control domain of a Xen host.
    static bool is_here();

    // `poller` must outlive this object.
    XenHypervisor(std::unique_ptr<XenInterface> xen, Poller& poller);
    ~XenHypervisor() override;
    XenHypervisor(const XenHypervisor&) = delete;
    XenHypervisor& operator=(const XenHypervisor&) = delete;

    std::expected<void, std::string> start(HypervisorEvents& events, Start how) override;
    void ready(const Poller::Ready& ready) override;
    void poll_events() override;
    bool exists(xs::DomainId domain) override;
    DomainHandle handle(xs::DomainId domain) override;
    void hand_over(Handover& handover, Successor to) override;
    void take_back() override;
    void take_over(Handover& handover) override;
    std::expected<std::unique_ptr<DomainChannel>, xs::Error> connect(xs::DomainId domain,
                                                                     std::uint64_t frame,
                                                                     std::uint32_t port) override;

  private:
    class Channel;

    void drain();
    // All of them, from `first` on.
    std::expected<std::vector<XenDomain>, int> domains(xs::DomainId first);
    void look_at_domains();
    std::expected<RingMapping, int> map(xs::DomainId domain, std::uint64_t frame);

    std::unique_ptr<XenInterface> xen_;
    Poller* poller_;
    HypervisorEvents* events_ = nullptr;
    std::uint32_t death_port_ = 0;  // VIRQ_DOM_EXC, once started
    // The domain of each bound port of ours.
    std::unordered_map<std::uint32_t, xs::DomainId> ports_;
    // Bound ports whose notifications are not taken any more; they stay masked.
    std::unordered_set<std::uint32_t> muted_;
    // The domains that somebody asked for. The one asked for last is looked at first, as by C: it
    // decides which shutdown is told by the event of a death.
    struct Known {
        std::string handle;
        std::uint64_t asked = 0;
    };
    std::unordered_map<xs::DomainId, Known> known_;
    std::uint64_t last_asked_ = 0;
};

}  // namespace stemma::xenstored
