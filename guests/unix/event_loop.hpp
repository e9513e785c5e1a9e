#pragma once

#include <deque>

#include "rt/clock.hpp"
#include "rt/console.hpp"
#include "rt/guest.hpp"
#include "unix/packet_port.hpp"
#include "unix/store_link.hpp"

namespace stemma::hosted {

// What the loop waits on and calls.
struct LoopParts {
    rt::Guest& guest;
    std::deque<PacketPort>& ports;
    StoreLink& link;
    rt::Clock& clock;
    rt::Console& console;
};

// Runs the guest: while frames or answers wait it goes on, else it sleeps until one comes or the
// guest's deadline is due. Returns when the guest was asked to end by control/shutdown; how is then
// in data/ended, where the agent finds what a hypervisor would remember.
void run_until_asked_to_end(const LoopParts& parts);

}  // namespace stemma::hosted
