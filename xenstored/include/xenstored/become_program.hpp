#pragma once

#include <expected>
#include <string>
#include <vector>

#include "xenstored/descriptor.hpp"
#include "xenstored/handover.hpp"
#include "xenstored/live_update.hpp"

// The step of a live update that cannot be tried: this process becomes another program.
namespace stemma::xenstored {

// Every descriptor that the handover names.
std::vector<int> descriptors_of(const Handover& handover);

// A handover left where the next program finds it.
struct LeftState {
    Descriptor file;
    std::string path;  // of C's; ours finds it by its descriptor
    std::size_t size = 0;
};
std::expected<LeftState, std::string> leave_state(const LiveUpdate::Order& order,
                                                  const Handover& handover,
                                                  const std::string& run_directory);

// Lets the handover's descriptors stay open and executes the program with `arguments`. Returns only
// if that failed; then all is as before, and the result is what to tell the client.
std::string become_program(const LiveUpdate::Order& order, const Handover& handover,
                           const LeftState& left, const std::vector<std::string>& arguments);

// What another program left: in a descriptor by one of ours, in the run directory by C. The
// descriptors in it are as ours have to be, non-blocking and closed by the next execve().
std::expected<Handover, std::string> take_handover(int from);
std::expected<Handover, std::string> take_handover(const std::string& run_directory);

}  // namespace stemma::xenstored
