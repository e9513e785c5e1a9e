#include "xen/store_link.hpp"

#include "rt/store_pump.hpp"

namespace stemma::xen {

bool StoreLink::pump() {
    const rt::Pumped pumped = rt::pump(ring_, store_);
    if (pumped.moved) notify(port_);
    return pumped.again;
}

}  // namespace stemma::xen
