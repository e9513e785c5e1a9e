#include "nat/timer_wheel.hpp"

#include <algorithm>

namespace stemma::nat {

TimerWheel::TimerWheel(std::uint32_t capacity, Tick now)
    : capacity_(capacity),
      next_tick_(now),
      links_(std::make_unique_for_overwrite<Link[]>(capacity + slots)) {
    for (std::uint32_t i = 0; i < capacity; ++i)
        links_[i] = {none, none};
    for (std::uint32_t i = capacity; i < capacity + slots; ++i)
        links_[i] = {i, i};
}

void TimerWheel::schedule(std::uint32_t timer, Tick due) {
    const std::uint32_t ahead = due > next_tick_ ? std::min(due - next_tick_, slots - 1) : 0;
    const std::uint32_t head = head_of(next_tick_ + ahead);
    const std::uint32_t last = links_[head].previous;
    links_[timer] = {head, last};
    links_[last].next = timer;
    links_[head].previous = timer;
    ++count_;
}

void TimerWheel::cancel(std::uint32_t timer) {
    if (!is_scheduled(timer)) return;
    const Link link = links_[timer];
    links_[link.previous].next = link.next;
    links_[link.next].previous = link.previous;
    links_[timer] = {none, none};
    --count_;
}

}  // namespace stemma::nat
