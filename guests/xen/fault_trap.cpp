#include "xen/fault_trap.hpp"

namespace stemma::xen {

namespace {

void* place[5];  // gcc's, for __builtin_setjmp
bool armed = false;
CaughtFault caught{{}, BackTrace(nullptr)};
std::size_t count = 0;

}  // namespace

std::optional<CaughtFault> fault_of(void (*action)()) {
    if (__builtin_setjmp(place) != 0) return caught;
    armed = true;
    action();
    armed = false;
    return std::nullopt;
}

// An exception arrives here on a stack of its own and with interrupts off, as they always are: to
// go on at the place on the other stack is all that is to be done.
void spring_trap(const Fault& fault) {
    if (!armed) return;
    armed = false;
    caught = {fault, BackTrace(fault.frame_pointer)};
    ++count;
    __builtin_longjmp(place, 1);
}

std::size_t faults_caught() {
    return count;
}

}  // namespace stemma::xen
