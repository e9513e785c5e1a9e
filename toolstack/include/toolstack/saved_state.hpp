#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "toolstack/descriptor.hpp"
#include "toolstack/store.hpp"

namespace stemma::toolstack {

// The network state that a guest had last, in the form of guests/rt/saved_state.hpp: a sealed
// memfd, read from its start.
struct SavedState {
    Descriptor memory;
    std::size_t size = 0;
};

// Asks xenstored for the last one of the guest of that name. Nothing where none was saved, and
// where the xenstored is another one, or keeps no history.
Result<std::optional<SavedState>> find_saved_state(Store& store, const std::string& guest);

}  // namespace stemma::toolstack
