#include "xen/shared_info.hpp"

#include "xen/hypercall.hpp"

namespace stemma::xen {

namespace {
// Xen puts its own page in this one's place.
alignas(4096) char page[4096];
}  // namespace

bool map_shared_info() {
    xen_add_to_physmap request{};
    request.domid = DOMID_SELF;
    request.space = XENMAPSPACE_shared_info;
    request.idx = 0;
    request.gpfn = address(page) >> 12;
    return memory_op(XENMEM_add_to_physmap, request) == 0;
}

shared_info_t& shared_info() {
    return *reinterpret_cast<shared_info_t*>(page);
}

}  // namespace stemma::xen
