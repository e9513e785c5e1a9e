#pragma once

#include <cstdint>

#include "host.hpp"

// The preloaded side of host.hpp: shared by the files of the stand-in.
namespace stand_in {

struct Machine {
    Host* host = nullptr;
    int memory = -1;
    int event_read = -1;
    int event_write = -1;
    int driver = -1;  // -1: nobody drives
    bool driven = false;
};

// Made at the first call. Undriven (no XEN_STAND_IN_DRIVEN), the machine is this process's own and
// holds the domains that XEN_STAND_IN_DOMAINS lists ("0,5,7"; "0" if unset); nothing ever happens
// on it.
Machine& machine();

// Delivers an event on one of the daemon's ports.
void deliver(std::uint32_t port);

// The domain, if it exists.
Domain* find_domain(std::uint32_t id);

// Called before the daemon sleeps.
void tell_idle(std::uint64_t stimuli);

}  // namespace stand_in
