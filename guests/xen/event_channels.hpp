#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace stemma::xen {

// Event channels without interrupts: a guest has one thread, which looks at the pending bits and
// otherwise sleeps in SCHEDOP_poll, so nothing ever runs in between (xen/event_channel.h, 2-level
// ABI, which has 4,096 ports).
using Port = std::uint32_t;

// A port to which only `remote` can bind.
std::optional<Port> allocate_port(std::uint16_t remote);
void notify(Port port);

// True once for each notification, or several that came together.
bool take_pending(Port port);

// Sleeps until one of `ports` is pending, or the system time (pv_clock.hpp) reaches `deadline`
// nanoseconds; 0 for no deadline. At most 128 ports.
void sleep_until(std::span<Port> ports, std::uint64_t deadline);

}  // namespace stemma::xen
