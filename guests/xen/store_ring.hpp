#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "xen/event_channels.hpp"

namespace stemma::xen {

// Where the domain's XenStore ring and its event channel are (HVM_PARAM_STORE_PFN, _EVTCHN); what
// to do with them is xs::RingEnd's part.
struct StoreRing {
    std::byte* page = nullptr;
    Port port = 0;

    static std::optional<StoreRing> find();
};

}  // namespace stemma::xen
