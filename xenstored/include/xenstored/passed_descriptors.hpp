#pragma once

#include <sys/socket.h>

#include <vector>

#include "xenstored/descriptor.hpp"

namespace stemma::xenstored {

// The descriptors that came with a message (SCM_RIGHTS, unix(7)), which are the caller's from now
// on.
std::vector<Descriptor> passed_descriptors(msghdr& message);

}  // namespace stemma::xenstored
