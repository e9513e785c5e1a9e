#pragma once

#include <string>

namespace stemma::toolstack {

// Where our own images are: $STEMMA_GUESTS, or `guests` beside the directory of this program, as
// the build and the package have it.
std::string guest_directory();

}  // namespace stemma::toolstack
