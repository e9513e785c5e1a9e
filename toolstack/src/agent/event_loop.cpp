#include "toolstack/agent/event_loop.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace stemma::toolstack {

Result<std::unique_ptr<EventLoop>> EventLoop::open() {
    Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return system_failure("make", "an event loop", errno);
    return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll)));
}

bool EventLoop::add(int fd, std::uint32_t events, Handler handler) {
    const std::uint64_t id = next_id_++;
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return false;
    entries_[id] = {fd, std::make_shared<Handler>(std::move(handler))};
    by_fd_[fd] = id;
    return true;
}

void EventLoop::modify(int fd, std::uint32_t events) {
    const auto known = by_fd_.find(fd);
    if (known == by_fd_.end()) return;
    epoll_event event{};
    event.events = events;
    event.data.u64 = known->second;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::remove(int fd) {
    const auto known = by_fd_.find(fd);
    if (known == by_fd_.end()) return;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    entries_.erase(known->second);
    by_fd_.erase(known);
}

EventLoop::TimerId EventLoop::after(std::chrono::milliseconds delay, std::function<void()> action) {
    const TimerId id = next_id_++;
    timers_.emplace(std::chrono::steady_clock::now() + delay, Timer{id, std::move(action)});
    return id;
}

void EventLoop::cancel(TimerId timer) {
    const auto found =
        std::ranges::find_if(timers_, [&](const auto& entry) { return entry.second.id == timer; });
    if (found != timers_.end()) timers_.erase(found);
}

int EventLoop::milliseconds_to_next() const {
    if (timers_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        timers_.begin()->first - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<long>(left.count(), 0, 60'000));
}

void EventLoop::run_timers() {
    const auto now = std::chrono::steady_clock::now();
    while (!timers_.empty() && timers_.begin()->first <= now) {
        auto action = std::move(timers_.begin()->second.action);
        timers_.erase(timers_.begin());
        action();
    }
}

Result<void> EventLoop::run() {
    while (!stopping_) {
        std::array<epoll_event, 64> events;
        const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                       milliseconds_to_next());
        if (count < 0 && errno != EINTR) return system_failure("wait for", "events", errno);
        for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
            const auto entry = entries_.find(events[i].data.u64);
            if (entry == entries_.end()) continue;
            const auto handler = entry->second.handler;  // lives on if it removes itself
            (*handler)(events[i].events);
        }
        run_timers();
    }
    return {};
}

Result<void> EventLoop::stop_by_signals() {
    sigset_t ending;
    ::sigemptyset(&ending);
    ::sigaddset(&ending, SIGTERM);
    ::sigaddset(&ending, SIGINT);
    ::sigprocmask(SIG_BLOCK, &ending, nullptr);
    signals_.reset(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) return system_failure("take", "signals", errno);
    add(signals_.get(), EPOLLIN, [this](std::uint32_t) { stop(); });
    return {};
}

}  // namespace stemma::toolstack
