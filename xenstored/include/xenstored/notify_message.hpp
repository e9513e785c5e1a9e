#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "xenstored/descriptor.hpp"

namespace stemma::xenstored {

// What a service tells its manager: lines of a datagram, and at most one descriptor (of ours; the
// protocol allows more). sd_notify(3), sd_pid_notify_with_fds(3).
struct NotifyMessage {
    pid_t sender = 0;  // by the kernel's word
    bool ready = false;
    bool store = false;
    bool remove = false;
    std::string name = "stored";
    std::string others;  // lines that are not about descriptors, READY=1 included
    Descriptor descriptor;

    void read(std::string_view lines);
    // The next one of a socket with SO_PASSCRED; none if nothing waits.
    static std::optional<NotifyMessage> receive(int socket);
};

}  // namespace stemma::xenstored
