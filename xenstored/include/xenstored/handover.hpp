#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "xenstored/laps.hpp"
#include "xenstored/state.hpp"

namespace stemma::xenstored {

// The hosted platform's: the listener and the links of the agents, the domains' pages and eventfds.
struct HostedDescriptors {
    struct Domain {
        xs::DomainId id = 0;
        std::uint32_t port = 0;
        int page = -1;
        int wakes_daemon = -1;
        int wakes_domain = -1;
    };
    int listener = -1;
    std::vector<int> links;
    std::vector<Domain> domains;
};

// What a live update hands from one program to the next in the same process: the state, and the
// descriptors that stay open over the execve().
struct Handover {
    State state;
    int listener = -1;        // for clients
    int event_channels = -1;  // the device's, if the next program is to go on with its ports
    // The daemon's end of each domain's event channel. From C, that is all there is: a ring's
    // `port` is then 0, and to be asked of the hypervisor.
    std::map<xs::DomainId, std::uint32_t> local_ports;

    // Between two of ours alone:
    HostedDescriptors hosted;
    std::vector<int> locks;  // of the run directory and the pid file
    std::string trace_file;  // as it is now, if it is open
    std::uint8_t trace_classes = 0;
    // Since when nobody is served. From C: since it had written its state.
    Laps::Clock::time_point held_since;
};

}  // namespace stemma::xenstored
