#include "xenstored/hosted_hypervisor.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>

#include "xenstored/passed_descriptors.hpp"
#include "xenstored/shared_page.hpp"
#include "xenstored/unix_socket.hpp"

namespace stemma::xenstored {

namespace {

constexpr std::size_t descriptors_per_message = 3;

class HostedChannel final : public DomainChannel {
  public:
    HostedChannel(SharedPage page, Doorbell& bell, Descriptor wakes_domain, Poller& poller,
                  Descriptor wakes_daemon)
        : page_(std::move(page)),
          bell_(&bell),
          wakes_domain_(std::move(wakes_domain)),
          poller_(&poller),
          wakes_daemon_(std::move(wakes_daemon)) {}
    ~HostedChannel() override { mute(); }

    std::byte* page() override { return page_.data(); }

    void notify() override { bell_->ring(wakes_domain_.get()); }

    void mute() override {
        if (wakes_daemon_) poller_->remove(wakes_daemon_.get());
        wakes_daemon_.reset();
    }

  private:
    SharedPage page_;
    Doorbell* bell_;
    Descriptor wakes_domain_;
    Poller* poller_;
    Descriptor wakes_daemon_;
};

Descriptor duplicate(const Descriptor& fd) {
    return Descriptor(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

// The link's name in the store is its number here: nobody else has it while the link is there.
std::string link_name(int link) {
    return "link." + std::to_string(link);
}

}  // namespace

HostedHypervisor::~HostedHypervisor() {
    if (listener_) ::unlink(path_.c_str());
}

std::expected<void, std::string> HostedHypervisor::start(HypervisorEvents& events, Start) {
    events_ = &events;
    if (!listener_) {
        auto listener = listen_unix(path_, SOCK_SEQPACKET);
        if (!listener) return std::unexpected(std::move(listener).error());
        listener_ = std::move(*listener);
        if (store_ != nullptr) store_->store("hypervisor", listener_.get());
    }
    poller_->add(listener_.get(), {PollKey::Kind::link_listener, 0}, true, false);
    return {};
}

void HostedHypervisor::ready(const Poller::Ready& ready) {
    if (ready.key.kind == PollKey::Kind::link_listener) {
        accept_agent();
    } else if (ready.key.kind == PollKey::Kind::link) {
        poll_events();
    } else if (ready.key.kind == PollKey::Kind::ring) {
        events_->domain_notified(static_cast<xs::DomainId>(ready.key.id));
    }
}

void HostedHypervisor::accept_agent() {
    for (;;) {
        Descriptor link(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!link) return;
        if (links_.size() == links_max) {
            refuse("hosted link: too many agents");
            continue;
        }
        if (store_ != nullptr) store_->store(link_name(link.get()), link.get());
        listen_to(std::move(link));
    }
}

void HostedHypervisor::listen_to(Descriptor link) {
    poller_->add(link.get(), {PollKey::Kind::link, static_cast<std::uint64_t>(link.get())}, true,
                 false);
    links_.push_back(std::move(link));
}

auto HostedHypervisor::held() const -> Held {
    Held held;
    held.listener = listener_.get();
    for (const Descriptor& link : links_)
        held.links.push_back(link.get());
    for (const auto& [id, domain] : domains_)
        held.domains.push_back({id, domain.port, domain.page.get(), domain.wakes_daemon.get(),
                                domain.wakes_domain.get()});
    return held;
}

void HostedHypervisor::adopt(const Held& held) {
    listener_ = Descriptor(held.listener);
    for (const int link : held.links)
        listen_to(Descriptor(link));
    for (const Held::Domain& known : held.domains) {
        Domain domain;
        domain.page = Descriptor(known.page);
        domain.wakes_daemon = Descriptor(known.wakes_daemon);
        domain.wakes_domain = Descriptor(known.wakes_domain);
        domain.port = known.port;
        struct stat status {};
        if (::fstat(known.page, &status) != 0) continue;
        domain.device = status.st_dev;
        domain.inode = status.st_ino;
        domains_.insert_or_assign(known.id, std::move(domain));
    }
}

void HostedHypervisor::poll_events() {
    // by index: what a message brings about may not add links, but must not depend on that
    for (std::size_t i = 0; i < links_.size();) {
        if (receive(links_[i].get())) {
            ++i;
        } else {
            // Its domains stay; a new agent names them again.
            poller_->remove(links_[i].get());
            if (store_ != nullptr) store_->remove(link_name(links_[i].get()));
            links_.erase(links_.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
}

bool HostedHypervisor::receive(int link) {
    for (;;) {
        xs::HostedMessage message;
        iovec part{&message, sizeof message};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_per_message * sizeof(int))>
            control;
        msghdr header{};
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        // Looked at first, and taken when what it brings about cannot be lost any more; each may
        // come twice.
        const ssize_t length = ::recvmsg(link, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT | MSG_PEEK);
        if (length == 0) return false;
        if (length < 0) return errno == EAGAIN || errno == EINTR;
        const auto take_off = [link] {
            char byte;
            ::recv(link, &byte, 1, MSG_DONTWAIT);
        };
        auto descriptors = passed_descriptors(header);
        const bool whole = length == sizeof message &&
                           (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
                           message.magic == xs::HostedMessage::magic_value;
        if (!whole) {
            refuse("hosted link: not a message of this protocol");
            take_off();
            continue;
        }
        take(message, std::move(descriptors));
        events_->settle();
        // Until the store has what came with it.
        if (store_ != nullptr && store_->waits()) return true;
        take_off();
    }
}

void HostedHypervisor::take(const xs::HostedMessage& message, std::vector<Descriptor> descriptors) {
    if (message.domain == 0 || message.domain >= xs::domid_first_reserved) {
        return refuse("hosted link: domid " + std::to_string(message.domain) + " out of range");
    }
    const auto id = static_cast<xs::DomainId>(message.domain);
    switch (message.event) {
        case xs::HostedEvent::domain_created:
            return create(id, message.port, std::move(descriptors));
        case xs::HostedEvent::domain_shut_down:
            if (!domains_.contains(id)) return refuse("hosted link: shutdown of no domain");
            return events_->domain_shut_down(id);
        case xs::HostedEvent::domain_gone:
            if (!domains_.contains(id)) return refuse("hosted link: end of no domain");
            return forget(id);
    }
    refuse("hosted link: unknown event");
}

void HostedHypervisor::create(xs::DomainId id, std::uint32_t port,
                              std::vector<Descriptor> descriptors) {
    if (descriptors.size() != descriptors_per_message) {
        return refuse("hosted link: domain without its three descriptors");
    }
    Domain domain;
    domain.page = std::move(descriptors[0]);
    domain.wakes_daemon = std::move(descriptors[1]);
    domain.wakes_domain = std::move(descriptors[2]);
    domain.port = port;
    struct stat status {};
    if (::fstat(domain.page.get(), &status) != 0) return refuse("hosted link: fstat of the page");
    domain.device = status.st_dev;
    domain.inode = status.st_ino;

    if (const auto known = domains_.find(id); known != domains_.end()) {
        const bool same =
            known->second.device == domain.device && known->second.inode == domain.inode;
        if (same) return;  // a new agent names what the last one did
        forget(id);        // the end of the old domain was never told
    }
    keep(id, domains_.emplace(id, std::move(domain)).first->second);
}

namespace {

constexpr std::array<const char*, descriptors_per_message> kinds{"page", "wakes-daemon",
                                                                 "wakes-domain"};

std::string domain_name(xs::DomainId id, std::uint32_t port, const char* kind) {
    return "domain." + std::to_string(id) + '.' + std::to_string(port) + '.' + kind;
}

}  // namespace

void HostedHypervisor::keep(xs::DomainId id, const Domain& domain) {
    if (store_ == nullptr) return;
    const std::array<int, kinds.size()> descriptors{domain.page.get(), domain.wakes_daemon.get(),
                                                    domain.wakes_domain.get()};
    for (std::size_t i = 0; i < kinds.size(); ++i)
        store_->store(domain_name(id, domain.port, kinds[i]), descriptors[i]);
}

auto HostedHypervisor::held_in(DescriptorStore& store) -> Held {
    Held held;
    held.listener = store.take("hypervisor").release();
    // They get other numbers, and names by these; no new name may be removed as an old one.
    auto links = store.take_all("link.");
    for (const auto& [number, link] : links)
        store.remove("link." + number);
    for (auto& [number, link] : links) {
        held.links.push_back(link.release());
        store.store(link_name(held.links.back()), held.links.back());
    }
    std::map<std::pair<unsigned long, unsigned long>, Held::Domain> domains;
    for (auto& [name, descriptor] : store.take_all("domain.")) {
        char* rest = nullptr;
        const unsigned long id = std::strtoul(name.c_str(), &rest, 10);
        const unsigned long port = *rest == '.' ? std::strtoul(rest + 1, &rest, 10) : 0;
        const std::string kind = *rest == '.' ? rest + 1 : "";
        Held::Domain& domain = domains[{id, port}];
        domain.id = static_cast<xs::DomainId>(id);
        domain.port = static_cast<std::uint32_t>(port);
        const std::array<int*, kinds.size()> places{&domain.page, &domain.wakes_daemon,
                                                    &domain.wakes_domain};
        for (std::size_t i = 0; i < kinds.size(); ++i) {
            if (kind == kinds[i]) *places[i] = descriptor.release();
        }
    }
    for (const auto& [key, domain] : domains) {
        // All three, or it was not stored yet, and its agent's message is still there.
        if (domain.page >= 0 && domain.wakes_daemon >= 0 && domain.wakes_domain >= 0) {
            held.domains.push_back(domain);
        }
    }
    return held;
}

void HostedHypervisor::forget(xs::DomainId id) {
    const auto known = domains_.find(id);
    if (store_ != nullptr && known != domains_.end()) {
        for (const char* const kind : kinds)
            store_->remove(domain_name(id, known->second.port, kind));
    }
    domains_.erase(id);
    events_->domain_gone(id);
}

void HostedHypervisor::refuse(std::string why) {
    ++refused_;
    last_refusal_ = std::move(why);
}

void HostedHypervisor::hand_over(Handover& handover, Successor) {
    handover.hosted = held();
}

void HostedHypervisor::take_over(Handover& handover) {
    adopt(handover.hosted);
    if (store_ == nullptr) return;
    if (listener_) store_->store("hypervisor", listener_.get());
    for (const Descriptor& link : links_)
        store_->store(link_name(link.get()), link.get());
    for (const auto& [id, domain] : domains_)
        keep(id, domain);
}

DomainHandle HostedHypervisor::handle(xs::DomainId domain) {
    DomainHandle handle{};
    const auto known = domains_.find(domain);
    if (known == domains_.end()) return handle;
    const std::uint64_t device = known->second.device;
    const std::uint64_t inode = known->second.inode;
    std::memcpy(handle.data(), &device, sizeof device);
    std::memcpy(handle.data() + sizeof device, &inode, sizeof inode);
    return handle;
}

bool HostedHypervisor::exists(xs::DomainId domain) {
    return domain == 0 || domains_.contains(domain);
}

std::expected<std::unique_ptr<DomainChannel>, xs::Error> HostedHypervisor::connect(
    xs::DomainId id, std::uint64_t, std::uint32_t port) {
    const auto domain = domains_.find(id);
    if (domain == domains_.end() || domain->second.port != port) {
        return std::unexpected(xs::Error::einval);
    }
    auto page = SharedPage::map(domain->second.page.get());
    if (!page) {
        refuse(std::move(page).error());
        return std::unexpected(xs::Error::einval);
    }
    if (!bell_) {
        auto bell = Doorbell::make();
        if (!bell) {
            refuse("hosted link: " + bell.error());
            return std::unexpected(xs::Error::enomem);
        }
        bell_.emplace(std::move(*bell));
    }
    Descriptor wakes_domain = duplicate(domain->second.wakes_domain);
    Descriptor wakes_daemon = duplicate(domain->second.wakes_daemon);
    if (!wakes_domain || !wakes_daemon) return std::unexpected(xs::Error::enomem);
    if (!poller_->add_edge(wakes_daemon.get(), {PollKey::Kind::ring, id})) {
        return std::unexpected(xs::Error::enomem);
    }
    return std::make_unique<HostedChannel>(std::move(*page), *bell_, std::move(wakes_domain),
                                           *poller_, std::move(wakes_daemon));
}

}  // namespace stemma::xenstored
