#pragma once

#include "rt/store_client.hpp"
#include "xen/store_ring.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::xen {

// The guest's end of its XenStore ring, with the client that speaks over it.
class StoreLink {
  public:
    explicit StoreLink(const StoreRing& ring)
        : ring_(ring.page, xs::RingEnd::Side::client), port_(ring.port) {}

    rt::StoreClient& store() { return store_; }
    Port port() const { return port_; }

    // Moves bytes both ways, as far as they go in a bounded number of rounds; handlers are called
    // from here. True when something came, or might still come without a notification.
    bool pump();

  private:
    xs::RingEnd ring_;
    Port port_;
    rt::StoreClient store_;
};

}  // namespace stemma::xen
