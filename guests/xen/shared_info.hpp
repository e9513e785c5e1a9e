#pragma once

#include <cstdint>

#include <xen/xen.h>

namespace stemma::xen {

// The page that Xen shares with the domain; mapped by map_shared_info(), false if Xen refuses.
bool map_shared_info();
shared_info_t& shared_info();

}  // namespace stemma::xen
