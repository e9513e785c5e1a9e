#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "rt/clock.hpp"
#include "rt/console.hpp"
#include "rt/entropy.hpp"
#include "rt/port.hpp"
#include "rt/time.hpp"

namespace stemma::rt {

class Store;

// All that a guest may touch, given by the edge that runs it; everything outlives the guest.
struct Environment {
    std::span<Port* const> ports;  // by vif number
    Clock& clock;
    Entropy& entropy;
    Console& console;
    Store& store;
    // The guest's command line, "key=value" words separated by blanks (on Xen the domain's; under
    // xl the `extra` of its configuration).
    std::string_view arguments;
    // The last network state of the guest that had this name, in the form of rt/saved_state.hpp;
    // empty when there is none or `--fresh` was asked for.
    std::span<const std::uint8_t> saved_state;
};

// A guest program. One loop on one thread calls it; it never blocks.
class Guest {
  public:
    virtual ~Guest() = default;

    // Takes what waits on the ports, answers from the store and due timers; returns the moment at
    // which it must be called again even if nothing arrives (at once, if a budget ran out before
    // the work did).
    virtual Instant run(Instant now) = 0;

    // The store has taken its data/ready, by which it says that it serves.
    virtual bool ready() const = 0;
};

// Each guest program defines this one function. Null after an error that it has told the console,
// such as an argument it does not understand; the edge then ends with a failure.
std::unique_ptr<Guest> make_guest(const Environment& environment);

}  // namespace stemma::rt
