#pragma once

#include <cstddef>
#include <optional>

#include "xen/back_trace.hpp"
#include "xen/panic.hpp"

namespace stemma::xen {

struct CaughtFault {
    Fault fault;      // its frame pointer leads nowhere any more
    BackTrace trace;  // from there
};

// For the self-test: runs `action` and tells how it ended, nothing or the exception or panic that
// would have ended the domain. The action is then left where it stood: nothing of it is destroyed.
// Not to be nested.
std::optional<CaughtFault> fault_of(void (*action)());

// panic_at() gives each fault to this first; it does not return when one is awaited.
void spring_trap(const Fault& fault);

// Faults caught so far.
std::size_t faults_caught();

}  // namespace stemma::xen
