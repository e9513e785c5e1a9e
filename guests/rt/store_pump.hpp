#pragma once

#include "rt/store_client.hpp"
#include "xs_wire/ring.hpp"

namespace stemma::rt {

struct Pumped {
    bool moved;  // bytes either way: the server wants a notification
    bool again;  // handlers may have been called, or there is more to move
};

// Moves bytes between a guest's end of its XenStore ring and the client that speaks over it, as far
// as they go in a bounded number of rounds; handlers are called from here.
Pumped pump(xs::RingEnd& ring, StoreClient& store);

}  // namespace stemma::rt
