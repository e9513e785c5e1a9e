#pragma once

#include <optional>
#include <string>

#include "toolstack/error.hpp"

namespace stemma::toolstack {

// The network state that the guest of that name had last (refs/guests/NAME in the repository), as
// bytes for the guest: the form of guests/rt/saved_state.hpp. Nothing where none was saved, or
// where there is no repository. At most saved_state_max bytes; a larger one is an error.
inline constexpr std::size_t saved_state_max = 64u << 20;
Result<std::optional<std::string>> find_saved_state(const std::string& repository,
                                                    const std::string& guest);

// Of what was saved of that guest in the repository.
std::string saved_state_ref(const std::string& guest);

// Where xenstored publishes: $STEMMA_REPOSITORY, by default /var/lib/stemma/store.git.
std::string default_repository();

}  // namespace stemma::toolstack
