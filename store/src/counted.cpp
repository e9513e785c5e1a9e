#include "store/counted.hpp"

namespace stemma::store {

void Counted::bury(const Counted* dead) {
    // What the destructor of one object releases is queued here by the calls inside, and destroyed
    // when that destructor has returned.
    thread_local const Counted* waiting = nullptr;
    thread_local bool busy = false;
    dead->next_dead_ = waiting;
    waiting = dead;
    if (busy) return;
    busy = true;
    while (waiting != nullptr) {
        const Counted* const next = std::exchange(waiting, waiting->next_dead_);
        delete next;
    }
    busy = false;
}

}  // namespace stemma::store
