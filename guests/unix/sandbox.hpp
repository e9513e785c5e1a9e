#pragma once

#include <expected>
#include <span>

#include "unix/edge_error.hpp"

namespace stemma::hosted {

// The descriptors a confined guest may still use, and only so: to be woken, to wake, to speak.
struct ConfinedDescriptors {
    int event_in = -1;
    int event_out = -1;
    int console = -1;
};

// Gives up, for good, every system call but the few that a running guest makes: waiting on its
// descriptors, the clocks, random bytes, anonymous memory, send() without an address and statistics
// on its sockets, the three descriptors above. Anything else kills the process (SIGSYS). The filter
// is classic BPF (seccomp(2)), built by hand so that a static program stays small.
//
// Does nothing in a build with sanitizers, whose run-time needs more; is_confining() tells.
std::expected<void, EdgeError> confine(const ConfinedDescriptors& descriptors);

bool is_confining();

}  // namespace stemma::hosted
