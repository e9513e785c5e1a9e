#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "toolstack/descriptor.hpp"
#include "toolstack/error.hpp"

namespace stemma::toolstack {

// One thread's epoll loop with timers. Handlers may add and remove descriptors and timers, their
// own too; one that was removed is not called any more, not even for an event that had already
// been fetched.
class EventLoop {
  public:
    using Handler = std::function<void(std::uint32_t events)>;  // EPOLLIN, EPOLLHUP, ...
    using TimerId = std::uint64_t;

    static Result<std::unique_ptr<EventLoop>> open();

    // `fd` stays the caller's, who removes it before closing it. False when the kernel refuses.
    bool add(int fd, std::uint32_t events, Handler handler);
    void modify(int fd, std::uint32_t events);
    void remove(int fd);

    TimerId after(std::chrono::milliseconds delay, std::function<void()> action);
    void cancel(TimerId timer);

    // Until stop().
    Result<void> run();
    void stop() { stopping_ = true; }
    // From now on SIGTERM and SIGINT end run(), instead of the process.
    Result<void> stop_by_signals();

  private:
    struct Entry {
        int fd = -1;
        std::shared_ptr<Handler> handler;
    };
    struct Timer {
        TimerId id = 0;
        std::function<void()> action;
    };

    explicit EventLoop(Descriptor epoll) : epoll_(std::move(epoll)) {}
    int milliseconds_to_next() const;
    void run_timers();

    Descriptor epoll_;
    Descriptor signals_;
    // Entries have numbers that are never used again, since a descriptor's number is.
    std::unordered_map<std::uint64_t, Entry> entries_;
    std::unordered_map<int, std::uint64_t> by_fd_;
    std::multimap<std::chrono::steady_clock::time_point, Timer> timers_;
    std::uint64_t next_id_ = 1;
    bool stopping_ = false;
};

}  // namespace stemma::toolstack
