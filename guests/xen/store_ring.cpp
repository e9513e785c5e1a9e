#include "xen/store_ring.hpp"

#include "xen/hypercall.hpp"

namespace stemma::xen {

std::optional<StoreRing> StoreRing::find() {
    const auto frame = domain_parameter(HVM_PARAM_STORE_PFN);
    const auto port = domain_parameter(HVM_PARAM_STORE_EVTCHN);
    if (!frame || !port || *frame == 0 || *port == 0) return std::nullopt;
    return StoreRing{reinterpret_cast<std::byte*>(*frame << 12), static_cast<Port>(*port)};
}

}  // namespace stemma::xen
