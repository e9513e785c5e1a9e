#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "toolstack/agent/console_buffer.hpp"
#include "toolstack/agent/event_loop.hpp"
#include "toolstack/agent/hypervisor_link.hpp"
#include "toolstack/agent/veth_ports.hpp"
#include "toolstack/descriptor.hpp"
#include "toolstack/error.hpp"
#include "toolstack/platform.hpp"
#include "xs_wire/path.hpp"

namespace stemma::toolstack {

// Which client of the agent; never used again.
using ClientId = std::uint64_t;

// One hosted domain as the agent holds it.
struct HostedDomain {
    enum class Phase {
        building,  // no process yet
        running,
        ended,  // the process is gone; its creator has still to look, or cleaning goes on
    };

    xs::DomainId id = 0;
    std::string name;
    std::string uuid;
    EndPolicy ends;
    std::uint32_t memory = 0;  // MB
    Phase phase = Phase::building;
    // Who makes it: until it is kept, it ends when that client does.
    ClientId creator = 0;
    bool kept = false;
    bool doomed = false;               // to be buried as soon as its process has ended
    std::vector<ClientId> destroyers;  // wait for its end
    bool finishing = false;            // saving and cleaning have begun

    std::uint32_t store_port = 0;
    Descriptor ring;          // sealed memfd of the XenStore page
    Descriptor wakes_daemon;  // eventfd, written by the guest
    Descriptor wakes_domain;  // eventfd, written by xenstored
    std::vector<VethPort> ports;

    pid_t pid = 0;
    Descriptor pidfd;
    Descriptor console_pipe;  // the reading end
    ConsoleBuffer console;
    bool paused = false;
    Ending ended_by = Ending::none;
    std::string ending;
    std::chrono::steady_clock::time_point started;

    DomainChannels channels() const {
        return {store_port, ring.get(), wakes_daemon.get(), wakes_domain.get()};
    }
};

// Makes ring and eventfds of a fresh domain. The page's size is sealed, so that xenstored can map
// it without fear of SIGBUS.
Result<void> make_channels(HostedDomain& domain);

// Time on a processor of the process's only thread, in microseconds.
std::uint64_t processor_time(pid_t pid);

}  // namespace stemma::toolstack
