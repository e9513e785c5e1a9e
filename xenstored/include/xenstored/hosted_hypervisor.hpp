#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "xenstored/descriptor.hpp"
#include "xenstored/descriptor_store.hpp"
#include "xenstored/doorbell.hpp"
#include "xenstored/handover.hpp"
#include "xenstored/hypervisor.hpp"
#include "xenstored/poller.hpp"
#include "xs_wire/hosted_link.hpp"

namespace stemma::xenstored {

// The platform without a hypervisor: the agent connects to a SOCK_SEQPACKET socket in the run
// directory and says which domains exist, handing over each one's ring page and its two eventfds
// (xs_wire/hosted_link.hpp). Domain 0 always exists and has no ring.
//
// An eventfd is shared with the domain: nothing here reads it, and only a Doorbell rings it. The
// channels that connect() gives must not outlive this object.
//
// Bounds: links_max agents at once (a further one is refused), one entry for each domid.
class HostedHypervisor final : public Hypervisor {
  public:
    static constexpr std::size_t links_max = 8;

    // Listens on `path`, mode 0600, once started, replacing a stale socket. `poller` must outlive
    // this object.
    HostedHypervisor(std::string path, Poller& poller) : poller_(&poller), path_(std::move(path)) {}
    ~HostedHypervisor() override;
    HostedHypervisor(const HostedHypervisor&) = delete;
    HostedHypervisor& operator=(const HostedHypervisor&) = delete;

    std::expected<void, std::string> start(HypervisorEvents& events, Start how) override;
    void ready(const Poller::Ready& ready) override;
    void poll_events() override;
    bool exists(xs::DomainId domain) override;
    DomainHandle handle(xs::DomainId domain) override;
    void hand_over(Handover& handover, Successor to) override;
    void take_over(Handover& handover) override;
    std::expected<std::unique_ptr<DomainChannel>, xs::Error> connect(xs::DomainId domain,
                                                                     std::uint64_t frame,
                                                                     std::uint32_t port) override;

    // What another daemon must be given to go on. The descriptors stay this object's.
    using Held = HostedDescriptors;
    Held held() const;
    // Where descriptors are kept that must outlive the process, from before start() on.
    void keep_in(DescriptorStore& store) { store_ = &store; }
    // What was kept there by another daemon, and takes it out.
    static Held held_in(DescriptorStore& store);
    // Takes over descriptors that another daemon held, before Server::restore().
    void adopt(const Held& held);

    // Messages that were refused, and why the last one was.
    std::uint64_t refused() const { return refused_; }
    const std::string& last_refusal() const { return last_refusal_; }

  private:
    struct Domain {
        Descriptor page;
        Descriptor wakes_daemon;
        Descriptor wakes_domain;
        std::uint32_t port = 0;
        dev_t device = 0;  // these two tell one ring page from another
        ino_t inode = 0;
    };

    void accept_agent();
    void listen_to(Descriptor link);
    // False when the agent is gone.
    bool receive(int link);
    void take(const xs::HostedMessage& message, std::vector<Descriptor> descriptors);
    void create(xs::DomainId id, std::uint32_t port, std::vector<Descriptor> descriptors);
    void forget(xs::DomainId id);
    void keep(xs::DomainId id, const Domain& domain);
    void refuse(std::string why);

    Poller* poller_;
    DescriptorStore* store_ = nullptr;
    HypervisorEvents* events_ = nullptr;
    Descriptor listener_;
    std::string path_;
    std::vector<Descriptor> links_;
    std::unordered_map<xs::DomainId, Domain> domains_;
    std::optional<Doorbell> bell_;  // made for the first channel
    std::uint64_t refused_ = 0;
    std::string last_refusal_;
};

}  // namespace stemma::xenstored
