#include "xenstored/xen_hypervisor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "xenstored/descriptor.hpp"
#include "xenstored/handover.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::xenstored {

namespace {

void do_not_wait(int fd, bool set) {
    const int flags = ::fcntl(fd, F_GETFL);
    ::fcntl(fd, F_SETFL, set ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

}  // namespace

class XenHypervisor::Channel final : public DomainChannel {
  public:
    Channel(XenHypervisor& owner, RingMapping page, std::uint32_t port)
        : owner_(&owner), page_(std::move(page)), port_(port) {}
    ~Channel() override {
        owner_->ports_.erase(port_);
        owner_->muted_.erase(port_);
        owner_->xen_->unbind(port_);
    }
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    std::byte* page() override { return page_.get(); }
    void notify() override { owner_->xen_->notify(port_); }
    void mute() override { owner_->muted_.insert(port_); }

  private:
    XenHypervisor* owner_;
    RingMapping page_;
    std::uint32_t port_;
};

bool XenHypervisor::is_here() {
    const Descriptor file(::open("/proc/xen/capabilities", O_RDONLY | O_CLOEXEC));
    if (!file) return false;
    char text[256];
    const ssize_t length = ::read(file.get(), text, sizeof text);
    return length > 0 &&
           std::string_view(text, static_cast<std::size_t>(length)).contains("control_d");
}

XenHypervisor::XenHypervisor(std::unique_ptr<XenInterface> xen, Poller& poller)
    : xen_(std::move(xen)), poller_(&poller) {}

XenHypervisor::~XenHypervisor() {
    if (death_port_ == 0) return;
    poller_->remove(xen_->event_fd());
    xen_->unbind(death_port_);
}

std::expected<void, std::string> XenHypervisor::start(HypervisorEvents& events, Start how) {
    const auto failed = [](const std::string& what, int error) {
        return std::unexpected(what + ": " + std::strerror(error));
    };
    events_ = &events;
    const auto death_port = xen_->bind_domain_events();
    if (!death_port) return failed("bind VIRQ_DOM_EXC", death_port.error());
    death_port_ = *death_port;
    if (!poller_->add(xen_->event_fd(), {PollKey::Kind::event_channels, 0}, true, false)) {
        return failed("wait for event channels", errno);
    }
    if (how == Start::again) {
        look_at_domains();
        return {};
    }
    const auto port = xen_->domain0_port();
    if (!port) return failed("find domain 0's store port (/proc/xen/xsd_port)", port.error());
    events_->domain_found(0, *port);

    const auto present = domains(1);
    if (!present) return failed("list the domains", present.error());
    for (const XenDomain& domain : *present) {
        if (domain.dying || domain.id >= xs::domid_first_reserved) continue;
        const std::uint32_t remote = xen_->store_port(domain.id);
        if (remote != 0) events_->domain_found(domain.id, remote);
    }
    return {};
}

std::expected<std::vector<XenDomain>, int> XenHypervisor::domains(xs::DomainId first) {
    std::vector<XenDomain> all;
    for (;;) {
        auto some = xen_->domains(first);
        if (!some) return some;
        all.insert(all.end(), std::move_iterator(some->begin()), std::move_iterator(some->end()));
        if (some->size() < XenInterface::domains_per_call) return all;
        first = static_cast<xs::DomainId>(all.back().id + 1);
    }
}

void XenHypervisor::ready(const Poller::Ready&) {
    drain();
}

void XenHypervisor::poll_events() {
    drain();
}

// A bounded number a call: what is left keeps the descriptor readable.
void XenHypervisor::drain() {
    constexpr int per_call = 256;
    bool domains_changed = false;
    for (int i = 0; i < per_call; ++i) {
        const auto port = xen_->pending();
        if (!port) break;
        if (*port == death_port_) {
            xen_->unmask(*port);
            domains_changed = true;
            continue;
        }
        const auto domain = ports_.find(*port);
        // One that was unbound while its notification was under way.
        if (domain == ports_.end() || muted_.contains(*port)) continue;
        // First: a notification between the two must not be lost.
        xen_->unmask(*port);
        events_->domain_notified(domain->second);
    }
    if (domains_changed) look_at_domains();
}

void XenHypervisor::look_at_domains() {
    auto listed = domains(0);
    if (!listed) return;  // the next event looks again; nobody is taken for dead
    std::unordered_map<xs::DomainId, XenDomain> present;
    for (XenDomain& domain : *listed)
        present.emplace(domain.id, std::move(domain));
    struct Found {
        std::uint64_t asked;
        xs::DomainId id;
        bool gone;
    };
    std::vector<Found> all;
    for (auto known = known_.begin(); known != known_.end();) {
        const auto domain = present.find(known->first);
        const bool same = domain != present.end() && domain->second.handle == known->second.handle;
        const bool gone = !same || domain->second.dying;
        if (gone || domain->second.shut_down) {
            all.push_back({known->second.asked, known->first, gone});
        }
        known = same ? std::next(known) : known_.erase(known);
    }
    std::ranges::sort(all, std::ranges::greater(), &Found::asked);
    for (const Found& found : all) {
        if (found.gone) {
            events_->domain_gone(found.id);
        } else {
            events_->domain_shut_down(found.id);
        }
    }
}

bool XenHypervisor::exists(xs::DomainId id) {
    if (id == 0) return true;
    const auto domains = xen_->domains(id, 1);
    if (!domains || domains->empty() || domains->front().id != id) return false;
    known_.insert_or_assign(id, Known{domains->front().handle, ++last_asked_});
    return true;
}

DomainHandle XenHypervisor::handle(xs::DomainId domain) {
    DomainHandle handle{};
    const auto known = known_.find(domain);
    if (known != known_.end() && known->second.handle.size() == handle.size()) {
        std::ranges::copy(known->second.handle, handle.begin());
    }
    return handle;
}

// One of ours opens the device anew and binds again; C goes on with the device as it is, but wants
// to bind the virtual interrupt itself.
void XenHypervisor::hand_over(Handover& handover, Successor to) {
    if (to == Successor::ours) return;
    handover.event_channels = xen_->event_fd();
    for (const auto& [port, domain] : ports_)
        handover.local_ports[domain] = port;
    xen_->unbind(std::exchange(death_port_, 0));
    // It serves again whom we had given up.
    for (const std::uint32_t port : muted_)
        xen_->unmask(port);
    do_not_wait(xen_->event_fd(), false);  // C takes it for an error when nothing is pending
}

void XenHypervisor::take_back() {
    if (death_port_ != 0) return;
    do_not_wait(xen_->event_fd(), true);
    const auto bound = xen_->bind_domain_events();
    if (bound) death_port_ = *bound;
    look_at_domains();
}

void XenHypervisor::take_over(Handover& handover) {
    if (handover.event_channels < 0) return;
    for (auto& [id, connection] : handover.state.connections) {
        if (!connection.ring || connection.ring->port != 0) continue;
        const auto local = handover.local_ports.find(connection.ring->domain);
        if (local == handover.local_ports.end()) continue;
        connection.ring->port = xen_->remote_port(local->second).value_or(0);
    }
    // Its ports go with it, and can be bound again.
    ::close(std::exchange(handover.event_channels, -1));
}

// Grant 1, as C; a domain built without one names the frame.
std::expected<RingMapping, int> XenHypervisor::map(xs::DomainId domain, std::uint64_t frame) {
    if (domain == 0) return xen_->map_domain0();
    auto granted = xen_->map_grant(domain);
    if (granted || frame == 0) return granted;
    auto mapped = xen_->map_frame(domain, frame);
    return mapped ? std::move(mapped) : std::move(granted);
}

std::expected<std::unique_ptr<DomainChannel>, xs::Error> XenHypervisor::connect(
    xs::DomainId domain, std::uint64_t frame, std::uint32_t port) {
    const auto error = [](int number) {
        const bool memory = number == ENOMEM || number == ENOSPC;
        return std::unexpected(memory ? xs::Error::enomem : xs::Error::einval);
    };
    auto page = map(domain, frame);
    if (!page) return error(page.error());
    const auto bound = xen_->bind(domain, port);
    if (!bound) return error(bound.error());
    ports_.insert_or_assign(*bound, domain);
    return std::make_unique<Channel>(*this, std::move(*page), *bound);
}

}  // namespace stemma::xenstored
