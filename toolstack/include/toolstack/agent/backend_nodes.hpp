#pragma once

#include <string>

#include "toolstack/store.hpp"
#include "xs_wire/path.hpp"

namespace stemma::toolstack {

// The vif handshake where the agent is netback and, for a guest that takes its port as a
// descriptor, netfront too (xen/include/public/io/netif.h, xenbus.h): the states go the way that
// readers of the nodes expect.

// Backend 1 -> 2, hotplug-status connected, frontend -> 4, backend -> 4.
StoreResult<void> connect_vif(Store& store, xs::DomainId domain, unsigned index, unsigned mtu);
// hotplug-status error, with the reason beside it.
StoreResult<void> fail_vif(Store& store, xs::DomainId domain, unsigned index,
                           const std::string& reason);
// The port is on another bridge now.
StoreResult<void> rename_bridge(Store& store, xs::DomainId domain, unsigned index,
                                const std::string& bridge);

}  // namespace stemma::toolstack
