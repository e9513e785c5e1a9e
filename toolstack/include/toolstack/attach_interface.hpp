#pragma once

#include "toolstack/configuration.hpp"
#include "toolstack/create_guest.hpp"
#include "toolstack/platform.hpp"
#include "toolstack/store.hpp"

namespace stemma::toolstack {

// Gives a running domain another interface and takes one away. `guest` is its configuration, of
// which `interface` is one; null for a domain that another toolstack made. The platform must take
// interfaces while such a guest runs (Platform::takes_interfaces()).

// Returns when the guest has connected it (`wait`: else when it is on its bridge). A failure leaves
// nothing of it behind.
Result<void> attach_interface(Store& store, Platform& platform, DomainId domain, unsigned index,
                              const Interface& interface, const Guest* guest,
                              const CreateOptions& options);

// False when it had to be taken by force.
Result<bool> detach_interface(Store& store, Platform& platform, DomainId domain, unsigned index,
                              const Guest* guest);

}  // namespace stemma::toolstack
