#include "toolstack/agent/hypervisor_link.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "toolstack/unix_socket.hpp"

namespace stemma::toolstack {

namespace {
constexpr std::chrono::milliseconds retry_interval{250};
}

HypervisorLink::HypervisorLink(EventLoop& loop, std::string socket,
                               std::function<void()> on_connected)
    : loop_(loop), path_(std::move(socket)), on_connected_(std::move(on_connected)) {}

HypervisorLink::~HypervisorLink() {
    if (socket_) loop_.remove(socket_.get());
    if (retry_ != 0) loop_.cancel(retry_);
}

void HypervisorLink::start() {
    try_to_connect();
}

void HypervisorLink::connect_now() {
    if (socket_) return;
    if (retry_ != 0) loop_.cancel(retry_);
    try_to_connect();
}

void HypervisorLink::try_to_connect() {
    retry_ = 0;
    auto socket = connect_unix(path_, SOCK_SEQPACKET);
    if (!socket) {
        retry_ = loop_.after(retry_interval, [this] { try_to_connect(); });
        return;
    }
    socket_ = std::move(*socket);
    // Nothing is ever sent to us: readable means that xenstored has ended.
    loop_.add(socket_.get(), EPOLLIN | EPOLLRDHUP, [this](std::uint32_t) { lost(); });
    for (const auto& [domain, channels] : domains_) {
        if (!send(
                {.event = xs::HostedEvent::domain_created, .domain = domain, .port = channels.port},
                &channels)) {
            return;
        }
    }
    on_connected_();
}

void HypervisorLink::lost() {
    if (!socket_) return;
    loop_.remove(socket_.get());
    socket_.reset();
    retry_ = loop_.after(retry_interval, [this] { try_to_connect(); });
}

// A full socket means that xenstored does not take what it is told: a new connection, which names
// everything again, is the only way back to agreement.
bool HypervisorLink::send(const xs::HostedMessage& message, const DomainChannels* channels) {
    if (!socket_) return false;
    std::array<char, sizeof message> bytes;
    std::memcpy(bytes.data(), &message, sizeof message);
    std::array<int, 3> descriptors{};
    if (channels != nullptr) {
        descriptors = {channels->ring, channels->wakes_daemon, channels->wakes_domain};
    }
    const std::span<const int> passed(descriptors.data(), channels == nullptr ? 0 : 3);
    if (send_with_descriptors(socket_.get(), {bytes.data(), bytes.size()}, passed) != 0) {
        lost();
        return false;
    }
    return true;
}

void HypervisorLink::created(xs::DomainId domain, const DomainChannels& channels) {
    domains_[domain] = channels;
    send({.event = xs::HostedEvent::domain_created, .domain = domain, .port = channels.port},
         &channels);
}

void HypervisorLink::shut_down(xs::DomainId domain, xs::ShutdownReason reason) {
    send({.event = xs::HostedEvent::domain_shut_down,
          .domain = domain,
          .reason = static_cast<std::uint32_t>(reason)},
         nullptr);
}

void HypervisorLink::gone(xs::DomainId domain) {
    domains_.erase(domain);
    send({.event = xs::HostedEvent::domain_gone, .domain = domain}, nullptr);
}

}  // namespace stemma::toolstack
