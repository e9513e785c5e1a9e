#pragma once

#include "xen/boot_information.hpp"

namespace stemma::xen {

// Each image defines this one function: the guest itself, on a machine that is set up. It does not
// return; shut_down() ends the domain.
[[noreturn]] void image_main(const BootInformation& boot);

}  // namespace stemma::xen
