#include "xenstored/poller.hpp"

#include <sys/epoll.h>

#include <cerrno>
#include <climits>
#include <cstring>

namespace stemma::xenstored {

namespace {

std::uint64_t pack(PollKey key) {
    return static_cast<std::uint64_t>(key.kind) << 56 | key.id;
}

PollKey unpack(std::uint64_t word) {
    return {static_cast<PollKey::Kind>(word >> 56), word & ((std::uint64_t{1} << 56) - 1)};
}

epoll_event interest(PollKey key, bool readable, bool writable) {
    epoll_event event{};
    event.events = (readable ? EPOLLIN : 0u) | (writable ? EPOLLOUT : 0u);
    event.data.u64 = pack(key);
    return event;
}

}  // namespace

std::expected<Poller, std::string> Poller::create() {
    Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return std::unexpected(std::string("epoll_create1: ") + std::strerror(errno));
    return Poller(std::move(epoll));
}

bool Poller::add(int fd, PollKey key, bool readable, bool writable) {
    epoll_event event = interest(key, readable, writable);
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

bool Poller::add_edge(int fd, PollKey key) {
    epoll_event event = interest(key, true, false);
    event.events |= EPOLLET;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::change(int fd, PollKey key, bool readable, bool writable) {
    epoll_event event = interest(key, readable, writable);
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Poller::remove(int fd) {
    epoll_event event{};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &event);
}

std::span<const Poller::Ready> Poller::wait(
    std::optional<std::chrono::steady_clock::time_point> deadline) {
    using namespace std::chrono;
    int timeout = -1;
    if (deadline) {
        // rounded up, so that a deadline has come when the wait ends
        const auto left = ceil<milliseconds>(*deadline - steady_clock::now()).count();
        timeout = left <= 0 ? 0 : left > INT_MAX ? INT_MAX : static_cast<int>(left);
    }
    std::array<epoll_event, batch> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(batch), timeout);
    if (count <= 0) return {};  // EINTR looks like an early wake-up
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        ready_[static_cast<std::size_t>(i)] = {
            unpack(event.data.u64), (event.events & EPOLLIN) != 0, (event.events & EPOLLOUT) != 0,
            (event.events & (EPOLLHUP | EPOLLERR)) != 0};
    }
    return std::span<const Ready>(ready_).first(static_cast<std::size_t>(count));
}

}  // namespace stemma::xenstored
