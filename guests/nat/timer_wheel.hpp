#pragma once

#include <cstddef>
#include <cstdint>

#include "nat/tick.hpp"
#include "nat/zeroed_array.hpp"

namespace stemma::nat {

// Timers by number, 0 to capacity - 1, in a ring of slots of one tick each; every operation costs
// the same however many timers run. A refresh does not touch the wheel: the owner keeps the real
// deadline, and schedules the timer again when it fires early.
class TimerWheel {
  public:
    // Above the longest timeout (RFC 5382's 7,440 s), so that most timers fire once. One that is
    // further away fires early, at the horizon, and is scheduled again.
    static constexpr std::uint32_t slots = 8192;

    TimerWheel(std::uint32_t capacity, Tick now);

    bool is_scheduled(std::uint32_t timer) const { return links_[place_of(timer)].next != 0; }
    std::uint32_t scheduled() const { return count_; }

    // `timer` is not scheduled. It fires in the first advance() to `due`, or to the horizon if that
    // is sooner; one that is already due fires in the next advance().
    void schedule(std::uint32_t timer, Tick due);
    // Nothing happens if it is not scheduled.
    void cancel(std::uint32_t timer);

    // Hands timers that are due to `fire`, in order of their ticks and no more than `budget`; true
    // when none is left. A timer that fires is no longer scheduled; `fire` may schedule and cancel
    // any timer.
    template <typename Fire>
    bool advance(Tick now, std::size_t budget, Fire fire) {
        while (next_tick_ <= now) {
            const std::uint32_t head = head_of(next_tick_);
            while (links_[head].next != head) {
                if (budget-- == 0) return false;
                const std::uint32_t timer = links_[head].next - (slots + 1);
                cancel(timer);
                fire(timer);
            }
            next_tick_ = count_ == 0 ? now + 1 : next_tick_ + 1;
        }
        return true;
    }

  private:
    struct Link {
        std::uint32_t next;
        std::uint32_t previous;
    };

    // Places in links_: none at 0, so that a link of zeros is that of a timer not scheduled, then
    // those of the slots, which close the rings, then those of the timers.
    static constexpr std::uint32_t head_of(Tick tick) { return 1 + (tick & (slots - 1)); }
    static constexpr std::uint32_t place_of(std::uint32_t timer) { return slots + 1 + timer; }

    std::uint32_t count_ = 0;
    Tick next_tick_;  // the first that advance() has not been through
    ZeroedArray<Link> links_;
};

}  // namespace stemma::nat
