#include "nat/timer_wheel.hpp"

#include <algorithm>

namespace stemma::nat {

TimerWheel::TimerWheel(std::uint32_t capacity, Tick now)
    : next_tick_(now), links_(std::size_t{capacity} + slots + 1) {
    for (std::uint32_t i = 0; i < slots; ++i)
        links_[head_of(i)] = {head_of(i), head_of(i)};
}

void TimerWheel::schedule(std::uint32_t timer, Tick due) {
    const std::uint32_t ahead = due > next_tick_ ? std::min(due - next_tick_, slots - 1) : 0;
    const std::uint32_t head = head_of(next_tick_ + ahead);
    const std::uint32_t last = links_[head].previous;
    const std::uint32_t place = place_of(timer);
    links_[place] = {head, last};
    links_[last].next = place;
    links_[head].previous = place;
    ++count_;
}

void TimerWheel::cancel(std::uint32_t timer) {
    if (!is_scheduled(timer)) return;
    const Link link = links_[place_of(timer)];
    links_[link.previous].next = link.next;
    links_[link.next].previous = link.previous;
    links_[place_of(timer)] = {0, 0};
    --count_;
}

}  // namespace stemma::nat
