#pragma once

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "xenstored/descriptor.hpp"
#include "xenstored/doorbell.hpp"
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

    // `poller` must outlive this object.
    explicit HostedHypervisor(Poller& poller) : poller_(&poller) {}
    ~HostedHypervisor() override;
    HostedHypervisor(const HostedHypervisor&) = delete;
    HostedHypervisor& operator=(const HostedHypervisor&) = delete;

    // Makes the listening socket `path`, mode 0600, replacing a stale one. From then on `events`,
    // which must outlive this object, is told of everything.
    std::expected<void, std::string> listen(const std::string& path, HypervisorEvents& events);

    void poll_events() override;
    bool exists(xs::DomainId domain) override;
    std::expected<std::unique_ptr<DomainChannel>, xs::Error> connect(xs::DomainId domain,
                                                                     std::uint32_t port) override;

    // For the loop: a descriptor of this kind is ready.
    void ready(const Poller::Ready& ready);

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
    // False when the agent is gone.
    bool receive(int link);
    void take(const xs::HostedMessage& message, std::vector<Descriptor> descriptors);
    void create(xs::DomainId id, std::uint32_t port, std::vector<Descriptor> descriptors);
    void forget(xs::DomainId id);
    void refuse(std::string why);

    Poller* poller_;
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
