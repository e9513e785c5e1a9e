#include "unix/event_loop.hpp"

#include <poll.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "rt/shutdown_request.hpp"

namespace stemma::hosted {

namespace {

// How soon to offer frames again that the interface did not take: a busy veth peer drains its queue
// in far less than the first, an interface that is down may stay so for days.
constexpr rt::Duration resend_first = rt::Duration::microseconds(200);
constexpr rt::Duration resend_last = rt::Duration::milliseconds(200);
constexpr rt::Duration overruns_period = rt::Duration::seconds(1);

class Loop {
  public:
    explicit Loop(const LoopParts& parts) : parts_(parts), shutdown_(parts.link.store()) {
        for (const auto& port : parts.ports)
            waits_.push_back({port.socket(), POLLIN, 0});
        waits_.push_back({parts.link.event_in(), POLLIN, 0});
        shutdown_.begin();
    }

    bool ended() const { return ended_; }

    void once() {
        const rt::Instant now = parts_.clock.now();
        rt::Instant wake = parts_.guest.run(now);
        bool more = parts_.link.pump();
        if (const auto end = shutdown_.wanted(); end && !ending_) {
            more = true;
            leave(*end);
        }
        for (const auto& port : parts_.ports)
            more = more || port.has_received();
        wake = std::min(wake, resend(now));
        if (now >= next_overruns_) count_overruns(now);
        tell_lost_store();
        if (!more) sleep_until(wake);
    }

  private:
    void leave(rt::WantedEnd end) {
        ending_ = true;
        const bool sent = parts_.link.store().write("data/ended", rt::to_string(end),
                                                    [this](rt::StoreResult) { ended_ = true; });
        if (!sent) ended_ = true;
    }

    // When to try again; never if nothing is left over.
    rt::Instant resend(rt::Instant now) {
        bool unsent = false;
        for (auto& port : parts_.ports) {
            if (port.has_unsent() && now >= resend_at_) port.flush();
            unsent = unsent || port.has_unsent();
        }
        if (!unsent) {
            resend_pause_ = resend_first;
            return rt::Instant::never();
        }
        if (now >= resend_at_) {
            resend_at_ = now + resend_pause_;
            resend_pause_ = std::min(resend_pause_ * 2, resend_last);
        }
        return resend_at_;
    }

    void sleep_until(rt::Instant wake) {
        timespec timeout{};
        const timespec* limit = nullptr;
        if (wake != rt::Instant::never()) {
            const auto left = (wake - parts_.clock.now()).nanoseconds;
            if (left <= 0) return;
            timeout.tv_sec = left / 1'000'000'000;
            timeout.tv_nsec = left % 1'000'000'000;
            limit = &timeout;
        }
        if (ppoll(waits_.data(), waits_.size(), limit, nullptr) <= 0) return;
        if (waits_.back().revents != 0) parts_.link.take_event();
        parts_.link.pump();
        for (std::size_t i = 0; i < parts_.ports.size(); ++i) {
            if ((waits_[i].revents & POLLERR) != 0) parts_.ports[i].take_error();
        }
    }

    void count_overruns(rt::Instant now) {
        next_overruns_ = now + overruns_period;
        for (auto& port : parts_.ports)
            port.count_overruns();
    }

    void tell_lost_store() {
        if (told_lost_store_ || parts_.link.store().connected()) return;
        told_lost_store_ = true;
        parts_.console.line("store lost, going on without it: " +
                            std::string(to_string(parts_.link.store().fault())));
    }

    LoopParts parts_;
    rt::ShutdownRequest shutdown_;
    std::vector<pollfd> waits_;
    rt::Instant next_overruns_{};
    rt::Instant resend_at_{};
    rt::Duration resend_pause_ = resend_first;
    bool told_lost_store_ = false;
    bool ending_ = false;
    bool ended_ = false;
};

}  // namespace

void run_until_asked_to_end(const LoopParts& parts) {
    Loop loop(parts);
    while (!loop.ended())
        loop.once();
}

}  // namespace stemma::hosted
