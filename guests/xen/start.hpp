#pragma once

#include <cstdint>

#include "xen/boot_information.hpp"

// The time stamp counter at the first instruction (entry.S).
extern "C" const std::uint64_t entry_ticks;

namespace stemma::xen {

// Each image defines this one function: the guest itself, on a machine that is set up. It does not
// return; shut_down() ends the domain.
[[noreturn]] void image_main(const BootInformation& boot);

}  // namespace stemma::xen
